import type { Test } from 'tap'
import { loadConfig } from '../../src/config/load-config.ts'
import type { NewInvocation } from '../../src/core/invocation.ts'
import { type Engine, openEngine } from '../../src/engine.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { request } from '../core/fixtures.ts'

export interface RunningEngine extends Engine {
  /** What the log told, as lines of JSON. */
  readonly lines: readonly string[]
  /** Errors that should have ended the process. */
  readonly fatal: readonly Error[]
  /** Last opened, first closed. */
  readonly closers: (() => Promise<void>)[]
  close(): Promise<void>
}

/** Log, store and partition on a data directory `<directory>/test`, without anything that speaks HTTP. */
export async function startEngine(
  t: Test,
  directory: string,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningEngine> {
  const loaded = loadConfig({
    argv: [],
    env: { RESTATE_BASE_DIR: directory, RESTATE_NODE_NAME: 'test', RESTATE_LOG_FORMAT: 'json', ...env },
    cwd: directory,
  })
  if (loaded.action !== 'run') throw new Error('there are no flags')
  const closers: (() => Promise<void>)[] = []
  const fatal: Error[] = []
  const lines: string[] = []
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  t.teardown(close)
  try {
    const log = createLogger(loaded.config, { write: (line) => lines.push(line) })
    const engine = await openEngine({ config: loaded.config, log, onFatal: (error) => fatal.push(error) }, closers)
    return { ...engine, lines, fatal, closers, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Invocations that wait for the distant future, so that nothing happens to them. */
export function later(name: string, bytes = 100): NewInvocation {
  return request(name, { executionTime: Date.now() + 1e10, body: Buffer.alloc(bytes, 'x') })
}
