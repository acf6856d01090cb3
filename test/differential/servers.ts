import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { end, startNode } from '../../examples/processes.ts'
import { register, startServerProcess } from '../harness/server-process.ts'
import { type RunningServer, startOfficialServer } from './official-server.ts'
import { bothStates, type Mode, type Pass, type Services, type Side, type SideName } from './passes.ts'

/** The servers and service processes of a run. */
export interface Bench extends AsyncDisposable {
  readonly names: readonly SideName[]
  side(name: SideName, pass: Pass): Side
  readonly services: ReadonlyMap<Mode, Services>
}

/** Starts the servers that are asked for, and the services, which each server gets registered. */
export async function startBench(names: readonly SideName[]): Promise<Bench> {
  await using started = new AsyncDisposableStack()
  const services = new Map<Mode, Services>()
  for (const [mode, env] of modes) {
    const { process, matches } = await startNode(
      [join(import.meta.dirname, 'service/main.ts')],
      { RESTATE_LOGGING: 'ERROR', ...env },
      [/services (http:\S+)/, /control (http:\S+)/],
    )
    started.defer(() => end(process, 'SIGKILL'))
    services.set(mode, { uri: matches[0]?.[1] ?? '', control: matches[1]?.[1] ?? '' })
  }
  const clusters = names.flatMap((name) => (name === 'ours' ? ['ours', 'ours-like-restate'] : [name]))
  const sides = new Map<string, Side>()
  for (const cluster of clusters) {
    const directory = await mkdtemp(join(tmpdir(), 'perdure-differential-'))
    started.defer(() => rm(directory, { recursive: true, force: true }))
    const server = await start(cluster, directory)
    started.defer(() => server.stop())
    sides.set(cluster, {
      name: cluster === 'official' ? 'official' : 'ours',
      cluster,
      ingressRequests: new Set(),
      ...server,
    })
    for (const { mode, state } of bothStates) await register(server.admin, `${services.get(mode)?.uri}/${state}`)
    for (const [mode, { uri }] of services) await register(server.admin, `${uri}/wire/${wireServiceName(mode)}`)
  }
  const running = started.move()
  return {
    names,
    services,
    side(name, pass) {
      const side = sides.get(name === 'ours' && pass.likeRestate === true ? 'ours-like-restate' : name)
      if (side === undefined) throw new Error(`${name} was not started`)
      return side
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

const modes: readonly (readonly [Mode, Readonly<Record<string, string>>])[] = [
  ['two-way', { BIDIRECTIONAL: 'true', SUFFIX: '' }],
  ['request/response', { BIDIRECTIONAL: 'false', SUFFIX: '-rr' }],
]

function wireServiceName(mode: Mode): string {
  return mode === 'two-way' ? 'Wire' : 'Wire-rr'
}

function start(cluster: string, directory: string): Promise<RunningServer> {
  if (cluster === 'official') return startOfficialServer(directory, cluster)
  const compatibility = cluster === 'ours-like-restate' ? 'restate' : 'strict'
  return startServerProcess(directory, {
    RESTATE_CLUSTER_NAME: cluster,
    RESTATE_COMPATIBILITY: compatibility,
    RESTATE_LOG_FILTER: 'error',
  })
}
