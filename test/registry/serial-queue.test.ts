import t from 'tap'
import { SerialQueue } from '../../src/registry/serial-queue.ts'

t.test('one at a time and in order for a key, side by side for others', async (t) => {
  const queue = new SerialQueue()
  const gate = Promise.withResolvers<void>()
  const seen: string[] = []
  const first = queue.run('a', async () => {
    seen.push('a1 begins')
    await gate.promise
    seen.push('a1 ends')
  })
  const failing = queue.run('a', async () => {
    seen.push('a2')
    throw new Error('a2 fails')
  })
  const last = queue.run('a', async () => seen.push('a3'))
  await queue.run('b', async () => seen.push('b1'))
  t.same(seen, ['a1 begins', 'b1'])
  gate.resolve()
  await first
  await t.rejects(failing, /a2 fails/)
  await last
  t.same(seen, ['a1 begins', 'b1', 'a1 ends', 'a2', 'a3'])
  await queue.idle()
})
