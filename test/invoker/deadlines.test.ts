import t from 'tap'
import { Deadline, Deadlines } from '../../src/invoker/deadlines.ts'

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

t.test('never early, and at most a little late', async (t) => {
  const deadlines = new Deadlines(20)
  const lateness: number[] = []
  for (let delayMs = 0; delayMs < 300; delayMs += 7) {
    const dueAt = performance.now() + delayMs
    deadlines.set(new Deadline(() => lateness.push(performance.now() - dueAt)), delayMs)
  }
  await sleep(450)
  t.equal(lateness.length, 43)
  t.ok(Math.min(...lateness) >= 0)
  t.ok(Math.max(...lateness) < 500, `${Math.max(...lateness)} ms`)
  deadlines.close()
})

t.test('put off, brought forward, cancelled', async (t) => {
  const deadlines = new Deadlines(10)
  const fired: string[] = []
  const late = new Deadline(() => fired.push('late'))
  const early = new Deadline(() => fired.push('early'))
  const never = new Deadline(() => fired.push('never'))
  const again = new Deadline(() => {
    fired.push('again')
    if (fired.length < 10) deadlines.set(again, 20)
  })
  deadlines.set(late, 30)
  deadlines.set(early, 10_000)
  deadlines.set(never, 30)
  deadlines.set(late, 150)
  deadlines.set(early, 30)
  deadlines.cancel(never)
  await sleep(90)
  t.same(fired, ['early'])
  await sleep(120)
  t.same(fired, ['early', 'late'])
  deadlines.set(again, 10)
  await sleep(400)
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
