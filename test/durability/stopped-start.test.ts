import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as elapse } from 'node:timers/promises'
import t from 'tap'
import { end, startNode } from '../../examples/processes.ts'
import { id } from '../core/fixtures.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { foundIn, newKey, writeKeys } from '../sealing/keys.ts'
import { later, startEngine } from './engine.ts'

const main = join(import.meta.dirname, '../../src/main.ts')

function environment(base: string, more: Readonly<Record<string, string>> = {}) {
  return {
    RESTATE_BASE_DIR: base,
    RESTATE_NODE_NAME: 'test',
    RESTATE_USE_RANDOM_PORTS: 'true',
    RESTATE_BIND_IP: '127.0.0.1',
    RESTATE_LISTEN_MODE: 'tcp',
    ...more,
  }
}

/** Runs a server, gives it the signal after this time, and waits for its end; `null` if a signal ended it. */
async function cutShort(env: Readonly<Record<string, string>>, signal: NodeJS.Signals, afterMs: number) {
  const child = spawn(process.execPath, [main], { env: { ...process.env, ...env }, stdio: 'ignore' })
  const exited = once(child, 'exit')
  await elapse(afterMs)
  child.kill(signal)
  const [code] = await exited
  return code as number | null
}

/** Some megabytes in clear. */
async function fill(t: Parameters<typeof startEngine>[0], base: string, invocations: number) {
  const engine = await startEngine(t, base)
  const names = Array.from({ length: invocations }, (_, n) => `inv${n}`)
  await Promise.all(names.map((name) => engine.partition.send(later(name, 10_000))))
  await engine.close()
  return names
}

t.test('a server that is ended or killed at any moment of its start leaves everything', async (t) => {
  const base = shortDirectory(t)
  const names = await fill(t, base, 100)
  for (const [index, afterMs] of [100, 250, 400, 600, 800, 1000].entries()) {
    const signal = index % 2 === 0 ? 'SIGTERM' : 'SIGKILL'
    const code = await cutShort(environment(base), signal, afterMs)
    t.ok(code === null || code === 0, `${signal} after ${afterMs} ms: ${code}`)
  }
  const engine = await startEngine(t, base)
  for (const name of names) if (engine.partition.invocation(id(name)) === undefined) t.fail(`${name} is lost`)
  await engine.close()
})

t.test('a server that is killed while it seals its store, or writes it anew, leaves everything', async (t) => {
  const base = shortDirectory(t)
  const names = await fill(t, base, 1500)
  const keys = join(base, 'keys')
  writeKeys(keys, newKey())
  const env = environment(base, { RESTATE_SECRETS__KEY_FILE: keys })
  for (const afterMs of [500, 600, 700, 800, 900, 1000, 1200]) await cutShort(env, 'SIGKILL', afterMs)
  const { process: last } = await startNode([main], env, [/admin +http:/])
  await end(last)
  t.same(foundIn(join(base, 'test'), ['x'.repeat(1000)]), [], 'nothing in clear is left')
  const engine = await startEngine(t, base, { RESTATE_SECRETS__KEY_FILE: keys })
  for (const name of names) if (engine.partition.invocation(id(name)) === undefined) t.fail(`${name} is lost`)
  await engine.close()
})
