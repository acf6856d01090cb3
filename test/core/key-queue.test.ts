import t from 'tap'
import { KeyQueue } from '../../src/core/key-queue.ts'

function queueOf(length: number): KeyQueue {
  const queue = new KeyQueue()
  for (let order = 1; order <= length; order += 1) queue.push({ kind: 'invocation', order, seq: order * 10 })
  return queue
}

const ordersOf = (queue: KeyQueue): number[] => [...queue].map(({ order }) => order)

t.test('the front leaves first, whoever else has left before', async (t) => {
  const queue = queueOf(5)
  queue.remove(3)
  t.strictSame(ordersOf(queue), [1, 2, 4, 5])
  queue.remove(1)
  t.match(queue.head, { order: 2 })
  queue.remove(5)
  queue.remove(5)
  t.strictSame(ordersOf(queue), [2, 4])
  queue.remove(2)
  queue.remove(4)
  t.equal(queue.length, 0)
  t.equal(queue.head, undefined)
  queue.push({ kind: 'invocation', order: 6, seq: 60 })
  t.match(queue.head, { order: 6 })
})

t.test('it agrees with a plain list over random histories', async (t) => {
  let seed = 7
  const random = (limit: number): number => {
    seed = (seed * 48271) % 2147483647
    return seed % limit
  }
  const queue = new KeyQueue()
  let list: number[] = []
  let next = 1
  for (let step = 0; step < 20_000; step += 1) {
    if (random(100) < 52) {
      queue.push({ kind: 'invocation', order: next, seq: next })
      list.push(next++)
    } else if (list.length > 0) {
      const order = random(3) === 0 ? (list[random(list.length)] ?? 0) : (list[0] ?? 0)
      queue.remove(order)
      list = list.filter((other) => other !== order)
    }
    if (queue.length !== list.length || queue.head?.order !== list[0]) t.fail(`they differ at step ${step}`)
  }
  t.strictSame(ordersOf(queue), list)
})

t.test('100,000 that wait are served in linear time', async (t) => {
  const queue = queueOf(100_000)
  // Not the time of day: a machine that has other things to do does not make it longer.
  const before = process.cpuUsage()
  let served = 0
  for (let item = queue.head; item !== undefined; item = queue.head) {
    queue.remove(item.order)
    served += 1
  }
  t.equal(served, 100_000)
  t.ok(process.cpuUsage(before).user < 2_000_000, 'in much less than the seconds that a shift of everything would take')
})
