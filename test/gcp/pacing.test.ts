import t from 'tap'
import { Pacing } from '../../src/gcp/pacing.ts'

function pacing(maxKeys = 3) {
  const clock = { now: 1_000_000 }
  return { clock, pacing: new Pacing<string>({ firstMs: 500, longestMs: 5_000, maxKeys, now: () => clock.now }) }
}

t.test('pauses double up to the longest one', async (t) => {
  const { clock, pacing: pauses } = pacing()
  t.equal(pauses.reason('k'), undefined)
  for (const [index, lengthMs] of [500, 1_000, 2_000, 4_000, 5_000, 5_000].entries()) {
    pauses.begin('k', `reason ${index}`)
    clock.now += lengthMs - 1
    t.equal(pauses.reason('k'), `reason ${index}`)
    t.equal(pauses.reason('other'), undefined)
    clock.now += 1
    t.equal(pauses.reason('k'), undefined, `over after ${lengthMs} ms`)
  }
})

t.test('they start anew when the trouble is over, or long past', async (t) => {
  const { clock, pacing: pauses } = pacing()
  const lengthMs = () => {
    pauses.begin('k', 'why')
    const from = clock.now
    while (pauses.reason('k') !== undefined) clock.now += 100
    return clock.now - from
  }
  t.same([lengthMs(), lengthMs()], [500, 1_000])
  pauses.end('k')
  t.equal(lengthMs(), 500)
  clock.now += 4_900
  t.equal(lengthMs(), 1_000, 'not long enough')
  clock.now += 5_000
  t.equal(lengthMs(), 500)
  pauses.begin('k', 'why')
  pauses.clear()
  t.equal(pauses.reason('k'), undefined)
})

t.test('a clock that is set back ends a pause', async (t) => {
  const { clock, pacing: pauses } = pacing()
  pauses.begin('k', 'why')
  clock.now -= 3_600_000
  t.equal(pauses.reason('k'), undefined)
  pauses.begin('k', 'why')
  t.equal(pauses.reason('k'), 'why')
})

t.test('as many keys as fit', async (t) => {
  const { pacing: pauses } = pacing(3)
  for (const key of ['a', 'b', 'a', 'c', 'd']) pauses.begin(key, key)
  t.same(
    ['a', 'b', 'c', 'd'].map((key) => pauses.reason(key)),
    ['a', undefined, 'c', 'd'],
  )
})
