import fc from 'fast-check'
import t from 'tap'
import { formatDuration, MAX_DURATION_MS, parseDurationMs } from '../../src/config/duration.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

t.test('reads every form that restate-server reads', (t) => {
  const cases: readonly (readonly [text: string, ms: number])[] = [
    ['10s', 10_000],
    ['10sec', 10_000],
    ['10secs', 10_000],
    ['10 sec', 10_000],
    ['10 seconds', 10_000],
    ['60 sec', 60_000],
    ['+10s', 10_000],
    ['PT10S', 10_000],
    ['pt10s', 10_000],
    ['+PT10S', 10_000],
    ['1h30m', 1.5 * HOUR],
    ['1h 30m', 1.5 * HOUR],
    ['1h, 30m', 1.5 * HOUR],
    ['1 hour, 30 minutes', 1.5 * HOUR],
    ['PT1H30M', 1.5 * HOUR],
    ['1:30:00', 1.5 * HOUR],
    ['00:00:10', 10_000],
    ['1d 01:30:00', DAY + 1.5 * HOUR],
    ['00:00:01.5', 1500],
    ['1.5s', 1500],
    ['1,5s', 1500],
    ['PT1.5S', 1500],
    ['PT0.5H', HOUR / 2],
    ['1500ms', 1500],
    ['1s 500ms', 1500],
    ['0.5h', HOUR / 2],
    ['1.1s', 1100],
    ['4.35s', 4350],
    ['P1D', DAY],
    ['1d', DAY],
    ['24h', DAY],
    ['P1W', 7 * DAY],
    ['P1W2DT3H', 9 * DAY + 3 * HOUR],
    ['P40D', 40 * DAY],
    ['1w', 7 * DAY],
    ['2 wks', 14 * DAY],
    ['5 minutes', 300_000],
    ['PT2M', 120_000],
    ['0', 0],
    ['0s', 0],
    ['-0s', 0],
    ['0s ago', 0],
    ['-PT0S', 0],
    ['10s \t', 10_000],
    ['PT0S', 0],
    ['1ns', 1],
    ['100us', 1],
    ['100\u00b5s', 1],
    ['1000us', 1],
    ['1001us', 2],
    ['7304484d', MAX_DURATION_MS],
  ]
  for (const [text, ms] of cases) t.equal(parseDurationMs(text), ms, text)
  t.end()
})

t.test('refuses the rest, and says why', (t) => {
  const cases: readonly (readonly [text: string, reason: RegExp])[] = [
    ['', /empty/],
    ['10', /unit is missing/],
    ['00', /unit is missing/],
    ['10S', /lower case/],
    ['-10s', /negative/],
    ['-PT10S', /negative/],
    ['10 seconds ago', /negative/],
    ['P1M', /units of days or smaller/],
    ['1mo', /units of days or smaller/],
    ['P1Y', /units of days or smaller/],
    ['1y', /units of days or smaller/],
    ['10x', /not a unit/],
    ['9999999d', /out of range/],
    ['7304484d 1ms', /out of range/],
    [`${'9'.repeat(150)}s`, /out of range/],
    ['1d,2h', /separate with a space/],
    ['2h 1d', /large to small/],
    ['1h 1h', /large to small/],
    ['1.5h 10s', /fraction/],
    ['1.5d', /fraction/],
    ['PT1.5H10S', /fraction/],
    ['1h+30m', /separate with a space/],
    ['10s,', /unexpected text/],
    ['+', /expected a number/],
    ['-0s x', /not a unit|expected|unexpected/],
    [' 10s', /expected a number/],
    ['P', /nothing follows P/],
    ['PT', /followed by no time/],
    ['P1DT', /followed by no time/],
    ['P1H', /not a unit/],
    ['PT1D', /not a unit/],
    ['soon', /expected a number/],
    ['s'.repeat(201), /200 characters/],
  ]
  for (const [text, reason] of cases) {
    t.throws(() => parseDurationMs(text), { code: 'PERDURE_ERR_CONFIG_DURATION_INVALID', message: reason }, text)
  }
  t.end()
})

t.test('prints as restate-server does', (t) => {
  const cases: readonly (readonly [ms: number, text: string])[] = [
    [0, '0s'],
    [1, '1ms'],
    [500, '500ms'],
    [1500, '1s 500ms'],
    [60_000, '1m'],
    [75_000, '1m 15s'],
    [HOUR, '1h'],
    [DAY, '1d'],
    [30 * DAY, '30d'],
    [DAY + 2 * HOUR + 3 * 60_000 + 4005, '1d 2h 3m 4s 5ms'],
  ]
  for (const [ms, text] of cases) t.equal(formatDuration(ms), text)
  t.end()
})

t.test('whatever is printed reads back', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: MAX_DURATION_MS }), (ms) => parseDurationMs(formatDuration(ms)) === ms),
  )
  t.end()
})
