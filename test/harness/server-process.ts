import { join } from 'node:path'
import { end, type Started, startNode } from '../../examples/processes.ts'

const root = join(import.meta.dirname, '../..')

/** A server in a process of its own, on random ports. */
export interface ServerProcess {
  readonly pid: number
  readonly ingress: string
  readonly admin: string
  readonly fabric: string
  kill(): Promise<void>
  stop(): Promise<void>
}

/** Starts the server from the sources on this data directory. */
export async function startServerProcess(
  baseDir: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const started = await startNode(
    [join(root, 'src/main.ts')],
    {
      RESTATE_BASE_DIR: baseDir,
      RESTATE_NODE_NAME: 'test',
      RESTATE_USE_RANDOM_PORTS: 'true',
      RESTATE_BIND_IP: '127.0.0.1',
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_LOG_FILTER: 'warn',
      ...env,
    },
    [/ingress +(http:\S+)/, /admin +(http:\S+)/, /fabric +(http:\S+)/],
  )
  const [ingress = '', admin = '', fabric = ''] = started.matches.map((match) => match[1])
  return {
    pid: started.process.pid ?? 0,
    ingress,
    admin,
    fabric,
    kill: () => end(started.process, 'SIGKILL'),
    stop: () => end(started.process),
  }
}

export interface ServiceProcess {
  readonly uri: string
  readonly process: Started['process']
  stop(): Promise<void>
}

/** Starts a service, written with the official SDK, that prints `listening on http://…`. */
export async function startServiceProcess(
  file: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess> {
  const started = await startNode([file], { PORT: '0', RESTATE_LOGGING: 'ERROR', ...env }, [/listening on (http:\S+)/])
  return {
    uri: started.matches[0]?.[1] ?? '',
    process: started.process,
    stop: () => end(started.process),
  }
}

/** Registers a service; throws with the server's answer if it is refused. */
export async function register(admin: string, uri: string, options: Record<string, unknown> = {}): Promise<void> {
  const response = await fetch(`${admin}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri, ...options }),
  })
  if (!response.ok) throw new Error(`registration of ${uri}: ${response.status} ${await response.text()}`)
}
