import fc from 'fast-check'
import t from 'tap'
import type { Timer } from '../../src/core/commands/command.ts'
import { TimerQueue } from '../../src/partition/timer-queue.ts'

const timer = (at: number, seq = 1): Timer => ({ kind: 'start', seq, at })

t.test('fires in order of time, equal times in order of arming, never early', async (t) => {
  const start = Date.now()
  const fired: { timer: Timer; at: number }[] = []
  const done = Promise.withResolvers<void>()
  const queue = new TimerQueue(Date.now, (timer) => {
    fired.push({ timer, at: Date.now() })
    if (fired.length === 200) done.resolve()
  })
  const keepAlive = setInterval(() => {}, 1000)
  const dues = fc.sample(fc.nat(120), { numRuns: 200, seed: 7 })
  for (const [index, due] of dues.entries()) queue.arm(timer(start + due, index))
  await done.promise
  clearInterval(keepAlive)
  queue.close()
  const expected = dues
    .map((due, index) => ({ due, index }))
    .sort((a, b) => a.due - b.due || a.index - b.index)
    .map(({ index }) => index)
  t.same(
    fired.map((f) => f.timer.seq),
    expected,
  )
  t.ok(fired.every((f) => f.at >= f.timer.at))
  t.equal(queue.size, 0)
})

t.test('one that is due before all others is not kept waiting', async (t) => {
  const fired: number[] = []
  const queue = new TimerQueue(Date.now, (timer) => fired.push(timer.seq))
  queue.arm(timer(Date.now() + 60_000, 1))
  queue.arm(timer(Date.now() - 5, 2))
  while (fired.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  t.same(fired, [2])
  queue.close()
})

t.test('a clock that is set forward is noticed within a second, one set back fires nothing early', async (t) => {
  const startMs = 1e12
  let nowMs = startMs
  const fired: number[] = []
  const queue = new TimerQueue(
    () => nowMs,
    (timer) => fired.push(timer.seq),
  )
  queue.arm(timer(startMs + 3_600_000, 1))
  queue.arm(timer(startMs + 20, 2))
  nowMs = startMs - 50
  await new Promise((resolve) => setTimeout(resolve, 100))
  t.same(fired, [])
  nowMs = startMs + 3_600_000
  const setAt = performance.now()
  while (fired.length < 2) await new Promise((resolve) => setTimeout(resolve, 10))
  t.same(fired, [2, 1])
  t.ok(performance.now() - setAt < 30_000, 'not after the hour that it would have waited for')
  queue.close()
})

t.test('does not fire after close', async (t) => {
  const queue = new TimerQueue(Date.now, () => t.fail('fired'))
  queue.arm(timer(Date.now() + 5))
  queue.close()
  queue.arm(timer(Date.now()))
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.pass()
})
