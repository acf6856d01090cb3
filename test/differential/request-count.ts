import { createHash } from 'node:crypto'
import { withoutChance } from './observation.ts'

/** Of longer bodies only the length counts. */
const SHORT = 16_384

/** A request without what differs from pass to pass and run to run: two texts that are the same are the same request. */
export function describeRequest(
  key: string,
  method: string,
  path: string,
  headers: readonly (readonly [name: string, value: string])[],
  body: string | Buffer | undefined,
  http2 = false,
): string {
  const content = body === undefined ? '' : body.length > SHORT ? String(body.length) : withoutChance(String(body), key)
  const bytes = createHash('sha256').update(content).digest('base64')
  const sent = [http2 ? 'HTTP/2' : 'HTTP/1.1', method, path, ...headers.map((header) => header.join(': ')), bytes]
  return withoutChance(sent.join('\n'), key).replace(/\b(invocation|awakeable|deployment) \d+/g, '$1')
}
