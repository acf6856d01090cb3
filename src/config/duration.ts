import { DurationInvalid } from '../errors/config.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const WEEK_MS = 7 * DAY_MS
const NANOS_PER_MS = 1e6

/** The longest that is accepted: 7,304,484 days, about 20,000 years, and exact as a number of ms. */
export const MAX_DURATION_MS = 7_304_484 * DAY_MS

interface Unit {
  /** In ms; below one for micro- and nanoseconds. */
  readonly ms: number
  /** Days and weeks are whole: half a day is `12h`. */
  readonly fractional: boolean
}

const NANOSECOND: Unit = { ms: 1e-6, fractional: false }
const MICROSECOND: Unit = { ms: 1e-3, fractional: true }
const MILLISECOND: Unit = { ms: 1, fractional: true }
const SECOND: Unit = { ms: SECOND_MS, fractional: true }
const MINUTE: Unit = { ms: MINUTE_MS, fractional: true }
const HOUR: Unit = { ms: HOUR_MS, fractional: true }
const DAY: Unit = { ms: DAY_MS, fractional: false }
const WEEK: Unit = { ms: WEEK_MS, fractional: false }

const FRIENDLY_UNITS: ReadonlyMap<string, Unit | 'calendar'> = new Map<string, Unit | 'calendar'>([
  ...named(NANOSECOND, 'ns', 'nsec', 'nsecs', 'nano', 'nanos', 'nanosecond', 'nanoseconds'),
  ...named(MICROSECOND, 'us', '\u00b5s', '\u03bcs', 'usec', 'usecs', 'micro', 'micros', 'microsecond', 'microseconds'),
  ...named(MILLISECOND, 'ms', 'msec', 'msecs', 'milli', 'millis', 'millisecond', 'milliseconds'),
  ...named(SECOND, 's', 'sec', 'secs', 'second', 'seconds'),
  ...named(MINUTE, 'm', 'min', 'mins', 'minute', 'minutes'),
  ...named(HOUR, 'h', 'hr', 'hrs', 'hour', 'hours'),
  ...named(DAY, 'd', 'day', 'days'),
  ...named(WEEK, 'w', 'wk', 'wks', 'week', 'weeks'),
  ...named<'calendar'>('calendar', 'mo', 'mos', 'month', 'months', 'y', 'yr', 'yrs', 'year', 'years'),
])

const ISO_DATE_UNITS: ReadonlyMap<string, Unit | 'calendar'> = new Map<string, Unit | 'calendar'>([
  ['Y', 'calendar'],
  ['M', 'calendar'],
  ['W', WEEK],
  ['D', DAY],
])
const ISO_TIME_UNITS: ReadonlyMap<string, Unit | 'calendar'> = new Map<string, Unit | 'calendar'>([
  ['H', HOUR],
  ['M', MINUTE],
  ['S', SECOND],
])

function named<T>(unit: T, ...names: string[]): [string, T][] {
  return names.map((name) => [name, unit])
}

/**
 * Reads a duration: ISO 8601 (`PT2M`, `P1DT12H`), words (`5 minutes`, `1h 30m`, `1.5s`, `1d`), clock (`1:30:00`) or a bare `0`.
 * It is the grammar that restate-server 1.7 takes for its configuration and for the ingress' `delay` parameter. In the
 * latter, form decoding comes first: `1h+30m` arrives here as `1h 30m`.
 *
 * Returns whole ms, rounded up, so that nothing is due too early and no timeout becomes "off".
 * Throws `DurationInvalid`: negative, calendar units (months, years), no unit, too long, or not a duration at all.
 */
export function parseDurationMs(text: string): number {
  if (text === '') throw new DurationInvalid('the duration is empty')
  if (text.length > 200) throw new DurationInvalid('the duration is longer than 200 characters')
  if (text === '0') return 0
  const ago = /\sago$/.exec(text)?.index
  const isNegative = text.startsWith('-') || ago !== undefined
  const unsigned = /^[+-]/.test(text) ? text.slice(1, ago) : text.slice(0, ago)
  const ms = /^p/i.test(unsigned) ? parseIso(unsigned) : parseFriendly(unsigned)
  if (isNegative && ms > 0) throw new DurationInvalid('the duration is negative')
  return ms
}

function parseIso(text: string): number {
  const total = new DurationSum()
  const [date = '', time, ...rest] = text.slice(1).toUpperCase().split('T')
  if (rest.length > 0 || time === '') throw new DurationInvalid('not an ISO 8601 duration: T is followed by no time')
  if (date === '' && time === undefined) throw new DurationInvalid('not an ISO 8601 duration: nothing follows P')
  parseIsoPart(date, ISO_DATE_UNITS, total)
  parseIsoPart(time ?? '', ISO_TIME_UNITS, total)
  return total.toMs()
}

function parseIsoPart(part: string, units: ReadonlyMap<string, Unit | 'calendar'>, total: DurationSum): void {
  const pattern = /(\d+)(?:[.,](\d+))?([A-Z])/y
  while (pattern.lastIndex < part.length) {
    const start = pattern.lastIndex
    const match = pattern.exec(part)
    if (match === null) throw new DurationInvalid(`not an ISO 8601 duration at ${quote(part.slice(start))}`)
    const [, whole = '', fraction, designator = ''] = match
    const unit = units.get(designator)
    if (unit === undefined) throw new DurationInvalid(`${quote(designator)} is not a unit of an ISO 8601 duration here`)
    total.add(whole, fraction, unit)
  }
}

function parseFriendly(text: string): number {
  const total = new DurationSum()
  let rest = text.trimEnd()
  if (rest === '') throw new DurationInvalid('expected a number with a unit')
  while (rest !== '') {
    const clock = /^(\d+):(\d{1,2}):(\d{1,2})(?:[.,](\d+))?$/.exec(rest)
    if (clock !== null) {
      const [, hours = '', minutes = '', seconds = '', fraction] = clock
      total.add(hours, undefined, HOUR)
      total.add(minutes, undefined, MINUTE)
      total.add(seconds, fraction, SECOND)
      return total.toMs()
    }
    const match = /^(\d+)(?:[.,](\d+))?\s*([a-zA-Z\u00b5\u03bc]*)/.exec(rest)
    if (match === null) throw new DurationInvalid(`expected a number with a unit at ${quote(rest)}`)
    const [item, whole = '', fraction, unitName = ''] = match
    if (unitName === '')
      throw new DurationInvalid(`a unit is missing after ${quote(item.trim())}, write for example 10s`)
    const unit = FRIENDLY_UNITS.get(unitName)
    if (unit === undefined) {
      const hint = FRIENDLY_UNITS.has(unitName.toLowerCase()) ? ' (units are in lower case)' : ''
      throw new DurationInvalid(`${quote(unitName)} is not a unit of time${hint}`)
    }
    total.add(whole, fraction, unit)
    const separator = /^(?:,?\s+(?=\S)|(?=\d)|$)/.exec(rest.slice(item.length))
    if (separator === null) throw new DurationInvalid(`unexpected text after ${quote(item)}; separate with a space`)
    rest = rest.slice(item.length + separator[0].length)
  }
  return total.toMs()
}

/** Adds parts in the order of their size, keeping whole ms apart from nanoseconds so that nothing is lost to rounding. */
class DurationSum {
  #wholeMs = 0
  #nanos = 0
  #smallest = Number.POSITIVE_INFINITY
  #complete = false

  add(whole: string, fraction: string | undefined, unit: Unit | 'calendar'): void {
    if (unit === 'calendar') {
      throw new DurationInvalid('months and years have no fixed length, please use units of days or smaller, or weeks')
    }
    if (this.#complete) throw new DurationInvalid('only the last and smallest unit can have a fraction')
    if (unit.ms >= this.#smallest) throw new DurationInvalid('units must go from large to small, each once')
    this.#smallest = unit.ms
    const count = Number(whole)
    if (count * unit.ms > MAX_DURATION_MS) throw tooLong()
    if (unit.ms >= 1) this.#wholeMs += count * unit.ms
    else {
      const perMs = Math.round(1 / unit.ms)
      this.#wholeMs += Math.floor(count / perMs)
      this.#nanos += (count % perMs) * Math.round(unit.ms * NANOS_PER_MS)
    }
    if (fraction !== undefined) {
      if (!unit.fractional) throw new DurationInvalid('weeks, days and nanoseconds cannot have a fraction')
      this.#nanos += Math.round(Number(`0.${fraction}`) * unit.ms * NANOS_PER_MS)
      this.#complete = true
    }
  }

  toMs(): number {
    const totalMs = this.#wholeMs + Math.ceil(this.#nanos / NANOS_PER_MS)
    if (totalMs > MAX_DURATION_MS) throw tooLong()
    return totalMs
  }
}

function tooLong() {
  return new DurationInvalid('the duration is out of range: at most 7304484 days')
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}

/**
 * Prints whole ms as `parseDurationMs` reads them: `1d 2h`, `1m`, `1s 500ms`, `0s`. Days are the largest unit, as in the
 * dump of restate-server.
 */
export function formatDuration(durationMs: number): string {
  const parts: string[] = []
  let restMs = durationMs
  const units = [
    ['d', DAY_MS],
    ['h', HOUR_MS],
    ['m', MINUTE_MS],
    ['s', SECOND_MS],
    ['ms', 1],
  ] as const
  for (const [name, unitMs] of units) {
    const count = Math.floor(restMs / unitMs)
    if (count > 0) parts.push(`${count}${name}`)
    restMs -= count * unitMs
  }
  return parts.length === 0 ? '0s' : parts.join(' ')
}
