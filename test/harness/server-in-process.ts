import type { Test } from 'tap'
import { loadConfig } from '../../src/config/load-config.ts'
import { Server } from '../../src/server.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { shortDirectory } from './short-directory.ts'

export interface InProcess {
  readonly server: Server
  readonly admin: string
  readonly ingress: string
  /** Finished log lines. */
  readonly lines: readonly string[]
}

/** A whole server in this process, on random ports of loopback, closed when the test ends. */
export async function startInProcess(t: Test, env: Readonly<Record<string, string>> = {}): Promise<InProcess> {
  const loaded = loadConfig({
    argv: [],
    env: {
      RESTATE_NODE_NAME: 'test',
      RESTATE_USE_RANDOM_PORTS: 'true',
      RESTATE_BIND_IP: '127.0.0.1',
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_LOG_FORMAT: 'json',
      ...env,
    },
    cwd: shortDirectory(t),
  })
  if (loaded.action !== 'run') throw new Error('there are no flags')
  const lines: string[] = []
  const log = createLogger(loaded.config, { write: (line) => lines.push(line) })
  const server = await Server.start({
    config: loaded.config,
    log,
    version: 'test',
    onFatal: (error) => t.fail(String(error)),
  })
  t.teardown(() => server.close())
  const urlOf = (name: 'admin' | 'ingress') => server.listeners[name].addresses[0]?.url.replace(/\/$/, '') ?? ''
  return { server, admin: urlOf('admin'), ingress: urlOf('ingress'), lines }
}
