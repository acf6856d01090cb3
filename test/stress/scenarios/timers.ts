import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { concurrently } from '../concurrently.ts'
import { percentile } from '../percentile.ts'
import type { Rig } from '../rig.ts'
import { type Figures, perSecond, type Scale, type Scenario, seconds, stopwatch } from '../scenario.ts'

/** Delayed sends that one handler makes. */
const PER_HANDLER = 1000
const HANDLERS_AT_ONCE = 8
/** Timers that are due in a second: what two cores with the service on them can run. */
const DUE_PER_SECOND = 1200
/** Scheduling is slower than this nowhere that the stress run makes sense. */
const SCHEDULED_PER_SECOND = 5000
/** Attempts that may be under way when the server is killed (`concurrent-invocations-limit`): these may run twice. */
const UNDER_WAY = 1000

/** Delayed sends, evenly spread; the server is killed when half of them are due. */
export const timers: Scenario = {
  name: 'timers',
  memoryBoundMiB: 1200,
  async run(rig: Rig, { timers: count }: Scale): Promise<Figures> {
    const intervalMs = 1000 / DUE_PER_SECOND
    const firstDueAt = Date.now() + 2000 + (count / SCHEDULED_PER_SECOND) * 1000
    const scheduling = stopwatch()
    await concurrently(Math.ceil(count / PER_HANDLER), HANDLERS_AT_ONCE, async (handler) => {
      const first = handler * PER_HANDLER
      const input = { first, count: Math.min(PER_HANDLER, count - first), firstDueAt, intervalMs }
      await rig.ingress.json('POST', '/StressTimers/schedule', input)
    })
    const scheduledMs = scheduling()
    const armed = (await rig.figures()).timers

    const killAt = firstDueAt + (count / 2) * intervalMs
    await sleep(Math.max(0, killAt - Date.now()))
    const before = await rig.figures()
    assert.equal(before.failed, 0, 'no attempt failed')
    const killedAt = Date.now()
    await rig.kill()
    const restartMs = await rig.restart()
    const restartedAt = Date.now()

    const handlers = Math.ceil(count / PER_HANDLER)
    const expected = count + handlers - before.completed
    const lastDueAt = firstDueAt + count * intervalMs
    await rig.until('every timer has fired', lastDueAt - Date.now() + 120_000, (figures) => {
      return figures.timers === 0 && figures.inFlight === 0 && figures.completed >= expected - UNDER_WAY
    })
    const doneMs = Date.now() - lastDueAt
    return {
      scheduled: `${count} in ${seconds(scheduledMs)} (${perSecond(count, scheduledMs)}), ${armed} armed`,
      ...(await lateness(rig, count, { firstDueAt, intervalMs, killedAt, restartedAt })),
      'start after the crash': seconds(restartMs),
      'done after the last was due': seconds(Math.max(0, doneMs)),
    }
  },
}

interface Course {
  readonly firstDueAt: number
  readonly intervalMs: number
  readonly killedAt: number
  readonly restartedAt: number
}

async function lateness(rig: Rig, count: number, course: Course): Promise<Figures> {
  const report = await rig.seen()
  assert.equal(report.latenessMs.length, count, 'as many ticks as were scheduled')
  const missing = report.latenessMs.filter((ms) => ms === null).length
  assert.equal(missing, 0, 'every tick ran')
  const all = report.latenessMs.map((ms) => ms ?? 0)
  const earliest = percentile(all, 0)
  assert(earliest >= 0, `no tick is early: one came ${-earliest} ms before it was due`)
  const again = report.ticks - count
  assert(again <= UNDER_WAY, `only what was under way at the crash ran again: ${again} did`)
  const dueAt = (n: number): number => course.firstDueAt + n * course.intervalMs
  const before = all.filter((ms, n) => dueAt(n) + ms < course.killedAt)
  const overdue = all.filter((ms, n) => dueAt(n) < course.restartedAt && dueAt(n) + ms >= course.restartedAt)
  return {
    'late before the crash': `p50 ${percentile(before, 0.5)} ms, p99 ${percentile(before, 0.99)} ms`,
    'came due while it was down': String(overdue.length),
    'late in all': `p50 ${percentile(all, 0.5)} ms, p99 ${percentile(all, 0.99)} ms, most ${percentile(all, 1)} ms`,
    'ran twice': String(again),
  }
}
