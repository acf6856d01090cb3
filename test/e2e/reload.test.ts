import t from 'tap'
import { Reloader } from '../../src/reload.ts'
import { createLogger } from '../../src/telemetry/logger.ts'

function reloader() {
  const lines: string[] = []
  const log = createLogger(
    { logFilter: 'info', logFormat: 'json', logDisableAnsiCodes: true },
    { write: (line) => lines.push(line) },
  )
  return { lines, reloader: new Reloader(log) }
}

t.test('one that fails is logged, and keeps nobody from theirs', async (t) => {
  const { lines, reloader: made } = reloader()
  await using reloads = made
  const ran: string[] = []
  reloads.add('first', () => {
    ran.push('first')
    throw new Error('unreadable')
  })
  reloads.add('second', async () => {
    ran.push('second')
  })
  await reloads.reload()
  t.same(ran, ['first', 'second'])
  t.match(lines, [/reload-failed.*first.*unreadable/, /"reloaded".*second/])
})

t.test('asked while it runs, it runs once more', async (t) => {
  await using reloads = reloader().reloader
  const gate = Promise.withResolvers<void>()
  let runs = 0
  reloads.add('slow', async () => {
    runs++
    await gate.promise
  })
  const asked = [reloads.reload(), reloads.reload(), reloads.reload()]
  t.equal(runs, 1)
  gate.resolve()
  await Promise.all(asked)
  t.equal(runs, 2)
})

t.test('listens to SIGHUP from start to close', async (t) => {
  const { reloader: reloads } = reloader()
  const before = process.listenerCount('SIGHUP')
  reloads.start()
  reloads.start()
  t.equal(process.listenerCount('SIGHUP'), before + 1)
  const ran = new Promise<void>((resolve) => reloads.add('signal', resolve))
  process.kill(process.pid, 'SIGHUP')
  // A signal that is awaited does not hold a process.
  const held = setTimeout(() => {}, 10_000)
  await ran
  clearTimeout(held)
  await reloads.close()
  t.equal(process.listenerCount('SIGHUP'), before)
})
