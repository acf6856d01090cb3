import { QueryFailed } from '../../errors/query.ts'

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July'],
  ...['August', 'September', 'October', 'November', 'December'],
]
const DAY_MS = 86_400_000

/** A number with its width and what fills it, or a text. */
type Field = readonly [value: number, width: number, fill: '0' | ' '] | string

interface Time {
  readonly date: Date
  /** Times of the catalogue have a zone, which is UTC. */
  readonly utc: boolean
}

const FIELDS: Readonly<Record<string, (time: Time) => Field>> = {
  Y: ({ date }) => [date.getUTCFullYear(), 4, '0'],
  C: ({ date }) => [Math.floor(date.getUTCFullYear() / 100), 2, '0'],
  y: ({ date }) => [date.getUTCFullYear() % 100, 2, '0'],
  q: ({ date }) => String(Math.floor(date.getUTCMonth() / 3) + 1),
  m: ({ date }) => [date.getUTCMonth() + 1, 2, '0'],
  b: ({ date }) => monthName(date).slice(0, 3),
  B: ({ date }) => monthName(date),
  h: ({ date }) => monthName(date).slice(0, 3),
  d: ({ date }) => [date.getUTCDate(), 2, '0'],
  e: ({ date }) => [date.getUTCDate(), 2, ' '],
  a: ({ date }) => weekdayName(date).slice(0, 3),
  A: ({ date }) => weekdayName(date),
  w: ({ date }) => String(date.getUTCDay()),
  u: ({ date }) => String(date.getUTCDay() || 7),
  U: ({ date }) => [Math.floor((dayOfYear(date) + 6 - date.getUTCDay()) / 7), 2, '0'],
  W: ({ date }) => [Math.floor((dayOfYear(date) + 6 - ((date.getUTCDay() + 6) % 7)) / 7), 2, '0'],
  G: ({ date }) => [isoWeek(date).year, 4, '0'],
  g: ({ date }) => [isoWeek(date).year % 100, 2, '0'],
  V: ({ date }) => [isoWeek(date).week, 2, '0'],
  j: ({ date }) => [dayOfYear(date), 3, '0'],
  H: ({ date }) => [date.getUTCHours(), 2, '0'],
  k: ({ date }) => [date.getUTCHours(), 2, ' '],
  I: ({ date }) => [date.getUTCHours() % 12 || 12, 2, '0'],
  l: ({ date }) => [date.getUTCHours() % 12 || 12, 2, ' '],
  P: ({ date }) => (date.getUTCHours() < 12 ? 'am' : 'pm'),
  p: ({ date }) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  M: ({ date }) => [date.getUTCMinutes(), 2, '0'],
  S: ({ date }) => [date.getUTCSeconds(), 2, '0'],
  f: ({ date }) => fraction(date, 9),
  '3f': ({ date }) => fraction(date, 3),
  '6f': ({ date }) => fraction(date, 6),
  '9f': ({ date }) => fraction(date, 9),
  '.f': ({ date }) => (date.getUTCMilliseconds() === 0 ? '' : `.${fraction(date, 3)}`),
  '.3f': ({ date }) => `.${fraction(date, 3)}`,
  '.6f': ({ date }) => `.${fraction(date, 6)}`,
  '.9f': ({ date }) => `.${fraction(date, 9)}`,
  s: ({ date }) => String(Math.floor(date.getTime() / 1000)),
  Z: ({ utc }) => zone(utc, '+00:00'),
  z: ({ utc }) => zone(utc, '+0000'),
  ':z': ({ utc }) => zone(utc, '+00:00'),
  D: (time) => written(time, '%m/%d/%y'),
  x: (time) => written(time, '%m/%d/%y'),
  F: (time) => written(time, '%Y-%m-%d'),
  v: (time) => written(time, '%e-%b-%Y'),
  R: (time) => written(time, '%H:%M'),
  T: (time) => written(time, '%H:%M:%S'),
  X: (time) => written(time, '%H:%M:%S'),
  r: (time) => written(time, '%I:%M:%S %p'),
  c: (time) => written(time, '%a %b %e %H:%M:%S %Y'),
  t: () => '\t',
  n: () => '\n',
  '%': () => '%',
}

const DIRECTIVE = /%(?:([-_0])?(\.?[369]?f|:z|[\s\S])|$)/g

/** A time as a format of `strftime` says. Throws `QueryFailed` for what no format has, as the peer does. */
export function formatTime(epochMs: number, utc: boolean, format: string): string {
  return written({ date: new Date(epochMs), utc }, format)
}

function written(time: Time, format: string): string {
  return format.replaceAll(DIRECTIVE, (_whole, flag: string | undefined, name = '') => {
    const field = Object.hasOwn(FIELDS, name) ? FIELDS[name]?.(time) : undefined
    if (field === undefined) throw unreadable()
    if (typeof field === 'string') return field
    const [value, width, fill] = field
    if (flag === '-') return String(value)
    return String(value).padStart(width, flag === '_' ? ' ' : flag === '0' ? '0' : fill)
  })
}

/** A duration, which has one form whatever the format: `0 days 0 hours 1 mins 0.147 secs`. */
export function formatSpan(ms: number): string {
  const sign = ms < 0 ? '-' : ''
  const size = Math.abs(ms)
  const days = Math.floor(size / DAY_MS)
  const hours = Math.floor(size / 3_600_000) % 24
  const minutes = Math.floor(size / 60_000) % 60
  return `${sign}${days} days ${sign}${hours} hours ${sign}${minutes} mins ${sign}${((size % 60_000) / 1000).toFixed(3)} secs`
}

function fraction(date: Date, digits: number): string {
  return String(date.getUTCMilliseconds()).padStart(3, '0').padEnd(digits, '0')
}

function zone(utc: boolean, text: string): string {
  if (utc) return text
  throw unreadable()
}

function monthName(date: Date): string {
  return MONTHS[date.getUTCMonth()] ?? ''
}

function weekdayName(date: Date): string {
  return WEEKDAYS[date.getUTCDay()] ?? ''
}

/** From 1. */
export function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear())) / DAY_MS) + 1
}

/** ISO 8601: a week belongs to the year of its Thursday. */
export function isoWeek(date: Date): { readonly year: number; readonly week: number } {
  const thursday = new Date(date.getTime() + (3 - ((date.getUTCDay() + 6) % 7)) * DAY_MS)
  return { year: thursday.getUTCFullYear(), week: Math.floor((dayOfYear(thursday) - 1) / 7) + 1 }
}

function unreadable(): Error {
  return new QueryFailed('Arrow error: Cast error: Format error')
}
