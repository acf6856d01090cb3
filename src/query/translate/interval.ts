import { QueryInvalid } from '../../errors/query.ts'

/** A span of time in a query's text. Months have no length of their own. */
export interface IntervalValue {
  readonly months: number
  readonly days: number
  /** Beside months and days; may have a fraction. */
  readonly ms: number
}

const UNITS: Readonly<Record<string, Partial<IntervalValue>>> = {
  century: { months: 1200 },
  decade: { months: 120 },
  year: { months: 12 },
  month: { months: 1 },
  mon: { months: 1 },
  week: { days: 7 },
  day: { days: 1 },
  hour: { ms: 3_600_000 },
  minute: { ms: 60_000 },
  min: { ms: 60_000 },
  second: { ms: 1000 },
  sec: { ms: 1000 },
  millisecond: { ms: 1 },
  microsecond: { ms: 0.001 },
  nanosecond: { ms: 0.000_001 },
}

const SHORT: Readonly<Record<string, string>> = {
  y: 'year',
  w: 'week',
  d: 'day',
  h: 'hour',
  m: 'minute',
  s: 'second',
  ms: 'millisecond',
  us: 'microsecond',
  ns: 'nanosecond',
}

/** `3600 seconds`, `1 day 2 hours`, or a number with the unit beside it. */
export function parseInterval(text: string, unit: string | undefined): IntervalValue {
  let value: IntervalValue = { months: 0, days: 0, ms: 0 }
  const source = unit === undefined ? text : `${text} ${unit}`
  const parts = [...source.matchAll(/([-+]?\d+(?:\.\d+)?)\s*([a-z]+)/gi)]
  const rest = source.replaceAll(/[-+]?\d+(?:\.\d+)?\s*[a-z]+/gi, '').trim()
  if (parts.length === 0 || rest !== '') throw notAnInterval(source)
  for (const [, count = '', name = ''] of parts) {
    const size = unitOf(name.toLowerCase())
    if (size === undefined) throw notAnInterval(source)
    const factor = Number(count)
    value = {
      months: value.months + factor * (size.months ?? 0),
      days: value.days + factor * (size.days ?? 0),
      ms: value.ms + factor * (size.ms ?? 0),
    }
  }
  if (!Number.isInteger(value.months)) throw notAnInterval(source)
  // Parts of days are hours, as the peer has it.
  const days = Math.trunc(value.days)
  return { months: value.months, days, ms: value.ms + (value.days - days) * 86_400_000 }
}

/** Milliseconds, `undefined` when it has months. */
export function intervalMs({ months, days, ms }: IntervalValue): number | undefined {
  return months === 0 ? Math.round(days * 86_400_000 + ms) : undefined
}

/** As the peer shows it: `1 days 2 hours 3.000000000 secs`. */
export function showInterval({ months, days, ms }: IntervalValue): string {
  const sign = ms < 0 ? '-' : ''
  const total = Math.abs(ms)
  const hours = Math.floor(total / 3_600_000)
  const minutes = Math.floor(total / 60_000) % 60
  const seconds = (total % 60_000) / 1000
  return [
    ...(months === 0 ? [] : [`${months} mons`]),
    ...(days === 0 ? [] : [`${days} days`]),
    ...(hours === 0 ? [] : [`${sign}${hours} hours`]),
    ...(minutes === 0 ? [] : [`${sign}${minutes} mins`]),
    ...(seconds === 0 ? [] : [`${sign}${seconds.toFixed(9)} secs`]),
  ].join(' ')
}

/** As the peer names a literal of it. */
export function intervalName({ months, days, ms }: IntervalValue): string {
  return `IntervalMonthDayNano("IntervalMonthDayNano { months: ${months}, days: ${days}, nanoseconds: ${BigInt(Math.round(ms * 1000)) * 1000n} }")`
}

function unitOf(name: string): Partial<IntervalValue> | undefined {
  const long = Object.hasOwn(SHORT, name)
    ? SHORT[name]
    : name.length > 3 && name.endsWith('s')
      ? name.slice(0, -1)
      : name
  if (long === 'centurie') return UNITS.century
  return long !== undefined && Object.hasOwn(UNITS, long) ? UNITS[long] : undefined
}

function notAnInterval(text: string): Error {
  return new QueryInvalid(`Parser error: '${text}' is not an interval`)
}
