import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { checkDataDirectory } from '../../src/sealing/data-directory.ts'
import { startServerProcess } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'

t.test('attack 28: a data directory that others can read is a start-up error that says the way out', async (t) => {
  const base = shortDirectory(t)
  const server = await startServerProcess(base)
  await server.stop()
  const node = join(base, 'test')
  const refused = (path: string) => ({
    message: new RegExp(
      `${path} has mode[\\s\\S]*Run: chmod -R go-rwx ${node}\\n[\\s\\S]*PERDURE_ERR_SEALING_DATA_EXPOSED`,
    ),
  })
  for (const [path, open, closed] of [
    [node, 0o755, 0o700],
    [join(node, 'log'), 0o750, 0o700],
    [join(node, 'store'), 0o701, 0o700],
    [join(node, 'store', 'store.sqlite'), 0o644, 0o600],
  ] as const) {
    chmodSync(path, open)
    const before = readFileSync(join(node, 'store', 'store.sqlite'))
    await t.rejects(startServerProcess(base), refused(path), path)
    t.ok(readFileSync(join(node, 'store', 'store.sqlite')).equals(before))
    chmodSync(path, closed)
  }
  await (await startServerProcess(base)).stop()
})

t.test('attack 28: nor is a data directory used that another user has made', async (t) => {
  const directory = join(shortDirectory(t), 'node')
  mkdirSync(join(directory, 'log'), { recursive: true, mode: 0o700 })
  t.doesNotThrow(() => checkDataDirectory(directory))
  // Only root can give it away; others cannot write to what is not theirs.
  if (process.geteuid?.() !== 0) return
  for (const path of [directory, join(directory, 'log')]) {
    chownSync(path, 4242, 4242)
    const expected = { code: 'PERDURE_ERR_SEALING_DATA_EXPOSED', message: /belongs to another user \(uid 4242\)/ }
    t.throws(() => checkDataDirectory(directory), expected, path)
    chownSync(path, 0, 0)
  }
})

t.test('every mode', async (t) => {
  const directory = join(shortDirectory(t), 'node')
  t.doesNotThrow(() => checkDataDirectory(directory), 'what does not exist yet')
  mkdirSync(join(directory, 'log'), { recursive: true, mode: 0o700 })
  const segment = join(directory, 'log', '0000000000000000.log')
  writeFileSync(segment, '', { mode: 0o600 })
  const socket = createServer()
  await new Promise<void>((resolve) => socket.listen(join(directory, 'ingress.sock'), resolve))
  t.teardown(() => socket.close())
  chmodSync(join(directory, 'ingress.sock'), 0o666)
  t.doesNotThrow(() => checkDataDirectory(directory), 'sockets have modes of their own')
  for (const [path, modes, fine] of [
    [directory, [0o700, 0o710, 0o711, 0o500], true],
    [directory, [0o740, 0o720, 0o704, 0o702, 0o777], false],
    [join(directory, 'log'), [0o700, 0o500], true],
    [join(directory, 'log'), [0o710, 0o701, 0o740], false],
    [segment, [0o600, 0o400], true],
    [segment, [0o640, 0o620, 0o604, 0o602, 0o601], false],
  ] as const) {
    for (const mode of modes) {
      chmodSync(path, mode)
      const check = () => checkDataDirectory(directory)
      const name = `${path} ${mode.toString(8)}`
      if (fine) t.doesNotThrow(check, name)
      else t.throws(check, { code: 'PERDURE_ERR_SEALING_DATA_EXPOSED', message: path }, name)
    }
    chmodSync(path, path === segment ? 0o600 : 0o700)
  }
})
