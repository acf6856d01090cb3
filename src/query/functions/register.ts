import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite'

/** One function that SQL can call; its name begins with `x_`. Arguments are NULL, number, text or bytes. */
export type SqlFunction = (...args: SQLOutputValue[]) => SQLInputValue

/**
 * Makes functions known to a connection. All give the same for the same arguments, at least within one statement. `varargs` ones take any number.
 */
export function register(
  database: DatabaseSync,
  functions: Readonly<Record<string, SqlFunction>>,
  varargs = false,
): void {
  for (const [name, run] of Object.entries(functions)) {
    database.function(name, { deterministic: true, varargs }, run)
  }
}

export function bytesOf(value: SQLOutputValue | undefined): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined
}

/** A text, or the text that bytes are; `undefined` for NULL. */
export function textOf(value: SQLOutputValue | undefined): string | undefined {
  if (value === null || value === undefined) return undefined
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : String(value)
}

export function numberOf(value: SQLOutputValue | undefined): number | undefined {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined
}
