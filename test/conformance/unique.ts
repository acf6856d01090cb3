import { randomUUID } from 'node:crypto'

/** A name that no other row uses: rows share a server, and run at the same time. */
export function unique(): string {
  return randomUUID()
}
