import t from 'tap'
import { JournalSize } from '../../src/invoker/journal-size.ts'
import { OrderQueue, type QueuedOrder } from '../../src/invoker/order-queue.ts'
import { invocation } from './samples.ts'

function queued(seq: number): QueuedOrder {
  const order = { invocation: invocation({ seq }), attempt: 1, journalLength: 0, state: undefined }
  return { order, size: new JournalSize(order.invocation, 0) }
}

const seqOf = (found: QueuedOrder | undefined) => found?.order.invocation.seq

t.test('first come, first served; whoever leaves and comes again stands at the end', async (t) => {
  const queue = new OrderQueue()
  for (const seq of [1, 2, 3]) queue.add(queued(seq))
  t.equal(queue.delete(1), true)
  t.equal(queue.delete(1), false)
  queue.add(queued(1))
  const served: (number | undefined)[] = []
  for (let next = queue.first(); next !== undefined; next = queue.first()) {
    served.push(seqOf(next))
    queue.delete(next.order.invocation.seq)
  }
  t.strictSame(served, [2, 3, 1])
  t.equal(queue.size, 0)
})

t.test('many that come and leave behind one that waits do not pile up', async (t) => {
  const queue = new OrderQueue()
  queue.add(queued(0))
  for (let seq = 1; seq <= 5000; seq += 1) {
    queue.add(queued(seq))
    if (seq % 10 !== 0) queue.delete(seq)
  }
  t.equal(queue.size, 501)
  t.equal(seqOf(queue.first()), 0)
  queue.delete(0)
  t.equal(seqOf(queue.first()), 10)
})

t.test('100,000 that wait are served in linear time', async (t) => {
  const queue = new OrderQueue()
  const one = queued(0)
  for (let seq = 0; seq < 100_000; seq += 1) {
    queue.add({ ...one, order: { ...one.order, invocation: { ...one.order.invocation, seq } } })
  }
  // Not the time of day: a machine that has other things to do does not make it longer.
  const before = process.cpuUsage()
  let expected = 0
  for (let next = queue.first(); next !== undefined; next = queue.first()) {
    if (seqOf(next) !== expected++) t.fail('out of order')
    queue.delete(next.order.invocation.seq)
  }
  t.equal(expected, 100_000)
  t.ok(process.cpuUsage(before).user < 2_000_000)
})
