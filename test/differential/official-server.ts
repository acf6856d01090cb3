import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { end } from '../../examples/processes.ts'
import { ensurePeer } from '../peer/peer.ts'

/** A server under test; both kinds look the same to a scenario. */
export interface RunningServer {
  readonly ingress: string
  readonly admin: string
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 30_000

/** Starts the official server on random ports of loopback, with its data in this directory, and nothing of this user's environment. */
export async function startOfficialServer(directory: string, clusterName: string): Promise<RunningServer> {
  const { server } = await ensurePeer()
  const child = spawn(server, ['--no-logo'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      HOME: directory,
      TMPDIR: directory,
      RESTATE_BASE_DIR: directory,
      RESTATE_NODE_NAME: 'official',
      RESTATE_CLUSTER_NAME: clusterName,
      RESTATE_USE_RANDOM_PORTS: 'true',
      RESTATE_BIND_IP: '127.0.0.1',
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_DEFAULT_NUM_PARTITIONS: '4',
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_LOG_FORMAT: 'json',
      RESTATE_LOG_FILTER: 'error,restate_core::network=info,restate_ingress_http=info',
    },
  })
  const ports = new Map<string, number>()
  const said: string[] = []
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`the official server did not start:\n${said.join('\n')}`)),
      START_TIMEOUT_MS,
    )
    const hear = (line: string): void => {
      said.push(line)
      if (said.length > 50) said.shift()
      if (ports.size === 2) return
      const match = /"server\.port":(\d+),"server_name":"(http-ingress-server|admin-api-server)"/.exec(line)
      if (match !== null) ports.set(match[2] ?? '', Number(match[1]))
      if (ports.size < 2) return
      clearTimeout(timer)
      resolve()
    }
    createInterface({ input: child.stdout }).on('line', hear)
    createInterface({ input: child.stderr }).on('line', hear)
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (signal !== 'SIGKILL') console.error(`the official server ended with ${code ?? signal}:\n${said.join('\n')}`)
      reject(new Error(`the official server ended with ${code}`))
    })
  })
  return {
    ingress: `http://127.0.0.1:${ports.get('http-ingress-server')}`,
    admin: `http://127.0.0.1:${ports.get('admin-api-server')}`,
    // It drains for seconds on SIGTERM, and its data is thrown away.
    stop: () => end(child, 'SIGKILL'),
  }
}
