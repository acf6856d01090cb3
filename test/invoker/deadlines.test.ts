import t from 'tap'
import { Deadline, Deadlines } from '../../src/invoker/deadlines.ts'

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

t.test('never early, and at most a little late', async (t) => {
  const deadlines = new Deadlines(20)
  const lateness: number[] = []
  const overtaken: number[] = []
  const timers: Promise<void>[] = []
  for (let delayMs = 0; delayMs < 300; delayMs += 7) {
    const dueAt = performance.now() + delayMs
    let hasFired = false
    const fire = () => {
      hasFired = true
      lateness.push(performance.now() - dueAt)
    }
    deadlines.set(new Deadline(fire), delayMs)
    // A timer of Node's of a tick and a little more must not overtake it, however late both are.
    const timer = sleep(delayMs + 30).then(() => {
      if (!hasFired) overtaken.push(delayMs)
    })
    timers.push(timer)
  }
  await Promise.all(timers)
  t.equal(lateness.length, 43)
  t.ok(Math.min(...lateness) >= 0)
  t.strictSame(overtaken, [])
  deadlines.close()
})

t.test('put off, brought forward, cancelled', async (t) => {
  const deadlines = new Deadlines(10)
  const fired: string[] = []
  const began = performance.now()
  const firedAfterMs = new Map<string, number>()
  const note = (name: string) => {
    fired.push(name)
    firedAfterMs.set(name, performance.now() - began)
  }
  const late = new Deadline(() => note('late'))
  const early = new Deadline(() => note('early'))
  const never = new Deadline(() => fired.push('never'))
  const again = new Deadline(() => {
    fired.push('again')
    if (fired.length < 10) deadlines.set(again, 20)
  })
  deadlines.set(late, 30)
  deadlines.set(early, 60_000)
  deadlines.set(never, 30)
  deadlines.set(late, 150)
  deadlines.set(early, 30)
  deadlines.cancel(never)
  while (fired.length < 2) await sleep(10)
  await sleep(50)
  t.same(fired.toSorted(), ['early', 'late'])
  const [lateMs = 0, earlyMs = 0] = [firedAfterMs.get('late'), firedAfterMs.get('early')]
  t.ok(lateMs >= 150, `put off, ${lateMs} ms`)
  t.ok(earlyMs >= 30 && earlyMs < 30_000, `brought forward, ${earlyMs} ms`)
  deadlines.set(again, 10)
  while (fired.length < 10) await sleep(10)
  await sleep(100)
  t.equal(fired.filter((name) => name === 'again').length, 8, 'from within its own call')
  deadlines.set(never, 10)
  deadlines.close()
  await sleep(50)
  t.notOk(fired.includes('never'))
})

t.test('one that fires may cancel another that is due', async (t) => {
  const deadlines = new Deadlines(10)
  const fired: string[] = []
  const first: Deadline = new Deadline(() => {
    fired.push('first')
    deadlines.cancel(second)
  })
  const second = new Deadline(() => fired.push('second'))
  deadlines.set(first, 5)
  deadlines.set(second, 5)
  await sleep(60)
  t.same(fired, ['first'])
  deadlines.close()
})
