const TIMESTAMP =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?\s*(Z|[+-]\d{2}:?\d{2}|[+-]\d{2})?$/i

/** Milliseconds since the epoch of a date or a date with time, with or without offset; `undefined` if it is none. */
export function parseTimestamp(text: string): number | undefined {
  const match = TIMESTAMP.exec(text.trim())
  if (match === null) return undefined
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = match
  const offset = /^z$/i.test(zone)
    ? 'Z'
    : zone.length === 3
      ? `${zone}:00`
      : zone.includes(':')
        ? zone
        : `${zone.slice(0, 3)}:${zone.slice(3)}`
  const ms = Date.parse(
    `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}${offset}`,
  )
  return Number.isNaN(ms) ? undefined : ms
}

/** RFC 3339 without a fraction when it is zero, as the peer's JSON has it; `Z` only for times with a zone. */
export function formatTimestamp(epochMs: number, utc: boolean): string {
  const date = new Date(epochMs)
  if (Number.isNaN(date.getTime())) return String(epochMs)
  const text = date.toISOString().slice(0, -1)
  return `${text.endsWith('.000') ? text.slice(0, -4) : text}${utc ? 'Z' : ''}`
}

/** `2026-01-31` */
export function formatDate(epochMs: number): string {
  const date = new Date(epochMs)
  return Number.isNaN(date.getTime()) ? String(epochMs) : (date.toISOString().split('T', 1)[0] ?? '')
}

/** ISO 8601 in seconds: `PT86400S`, `PT0.016S`, `-PT5S`; nothing is `P0D`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return 'P0D'
  return `${ms < 0 ? '-' : ''}PT${Math.abs(ms) / 1000}S`
}
