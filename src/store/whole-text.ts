import type { DatabaseSync } from 'node:sqlite'

/**
 * Node 22 hands out a text of SQLite only up to its first NUL character: what belongs to the key `a\0b` would come back as that of the
 * key `a`, another object. Where it does, texts that strangers choose are read as bytes, which are whole.
 */
export function readsWholeTexts(database: DatabaseSync): boolean {
  return String(database.prepare('SELECT char(97, 0, 98) AS text').get()?.text).length === 3
}

/** Columns for a SELECT, of which `chosen` are for `textOf`. */
export function wholeTexts(database: DatabaseSync, columns: readonly string[], chosen: ReadonlySet<string>): string {
  if (readsWholeTexts(database)) return columns.join(', ')
  return columns.map((name) => (chosen.has(name) ? `CAST(${name} AS BLOB) AS ${name}` : name)).join(', ')
}

/** A text that was selected as it is or as bytes. */
export function textOf(value: unknown): string {
  return value instanceof Uint8Array
    ? Buffer.from(value.buffer, value.byteOffset, value.length).toString()
    : String(value)
}
