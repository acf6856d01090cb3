import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { formatAdminError } from './admin/error-answer.ts'
import { registerAdminRoutes } from './admin/register-admin-routes.ts'
import type { Config } from './config/config.ts'
import { loosenings } from './config/loosenings.ts'
import { registerFabricRoutes } from './fabric/fabric-routes.ts'
import { formatIngressError } from './ingress/answer.ts'
import { registerIngressMetrics } from './ingress/metrics.ts'
import { registerIngressRoutes } from './ingress/routes.ts'
import { DefaultEgressPolicy } from './invoker/egress/default-egress-policy.ts'
import { Invoker } from './invoker/invoker.ts'
import { loadRequestIdentity } from './invoker/request-identity.ts'
import type { BoundAddress } from './listen/bound-address.ts'
import { hostGuard } from './listen/host-guard.ts'
import { createListener, type Listener } from './listen/listener.ts'
import { registerListenerMetrics } from './listen/listener-metrics.ts'
import { openSegmentLog, type SegmentLog } from './log/segment-log.ts'
import { LogTrimmer } from './partition/log-trimmer.ts'
import { Partition } from './partition/partition.ts'
import { recover } from './partition/recovery.ts'
import { newDeploymentId } from './protocol/ids.ts'
import { pooledRandomBytes } from './random-pool.ts'
import { discover } from './registry/discover.ts'
import { Registry } from './registry/registry.ts'
import { registerEngineMetrics } from './server-metrics.ts'
import { Store } from './store/store.ts'
import type { Logger } from './telemetry/logger.ts'
import { Metrics } from './telemetry/metrics.ts'
import { registerProcessMetrics } from './telemetry/process-metrics.ts'

export interface ServerOptions {
  readonly config: Config
  readonly log: Logger
  readonly version: string
  /** The server has failed for good, most likely because of its disk. The process should end. */
  readonly onFatal: (error: Error) => void
}

/** How long ingress lets calls finish when the server stops; callers attach again for the rest. */
const INGRESS_GRACE_MS = 5000
const ADMIN_GRACE_MS = 1000

/** A running server. `close` stops it in order: no new requests, no new attempts, everything on disk. */
export class Server {
  readonly directory: string
  readonly #listeners: { readonly ingress: Listener; readonly admin: Listener; readonly fabric: Listener }
  readonly #closers: (() => Promise<void>)[]
  #closed: Promise<void> | undefined

  private constructor(directory: string, listeners: Server['listeners'], closers: (() => Promise<void>)[]) {
    this.directory = directory
    this.#listeners = listeners
    this.#closers = closers
  }

  get listeners(): { readonly ingress: Listener; readonly admin: Listener; readonly fabric: Listener } {
    return this.#listeners
  }

  /**
   * Opens log and store, makes the state again, and listens. Rejects with the error of whatever cannot start;
   * nothing stays open then.
   */
  static async start(options: ServerOptions): Promise<Server> {
    const closers: (() => Promise<void>)[] = []
    try {
      return await startServer(options, closers, (directory, listeners) => new Server(directory, listeners, closers))
    } catch (error) {
      await closeAll(closers)
      throw error
    }
  }

  close(): Promise<void> {
    this.#closed ??= closeAll(this.#closers)
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

type MakeServer = (directory: string, listeners: Server['listeners']) => Server

async function startServer(
  options: ServerOptions,
  closers: (() => Promise<void>)[],
  make: MakeServer,
): Promise<Server> {
  const { config, log, version } = options
  const directory = join(config.baseDir, config.nodeName)
  const { partition, segmentLog, store } = await openPartition(options, directory, closers)

  const listeners = {
    ingress: createListener('ingress', config.ingress, log, {
      rawTarget: true,
      formatError: formatIngressError,
    }),
    admin: createListener('admin', config.admin, log, { formatError: formatAdminError }),
    fabric: createListener('fabric', config.fabric, log),
  }
  const all = Object.values(listeners)
  const identity = identityOf(config, log)
  const egress = new DefaultEgressPolicy({
    ownListeners: () =>
      all.flatMap((listener) =>
        listener.addresses.flatMap((bound) =>
          bound.kind === 'tcp' ? [{ address: bound.host, port: bound.port }] : [],
        ),
      ),
  })
  const invoker = new Invoker({
    schema: partition.schema,
    host: partition,
    config: config.worker.invoker,
    defaults: config,
    log,
    randomBytes: pooledRandomBytes,
    dialing: { egress },
    ...(identity !== undefined && { sign: identity.sign }),
  })
  closers.push(() => invoker.close())

  const requestHeaders = Object.entries(config.worker.invoker.additionalRequestHeaders)
  const registry = new Registry({
    schema: partition.schema,
    commit: (command) => partition.commit(command),
    discover: (request) =>
      discover(request, {
        dialer: { egress },
        clusterName: config.clusterName,
        requestHeaders,
        ...(identity !== undefined && { sign: (path: string) => identity.sign(path, undefined) }),
      }),
    newDeploymentId: () => newDeploymentId(Date.now(), randomBytes(10)),
    now: Date.now,
    limits: config,
    routingHeaders: config.admin.deploymentRoutingHeaders,
  })
  closers.push(() => registry.close())

  const metrics = new Metrics({ cluster_name: config.clusterName, node_name: config.nodeName })
  const processMetrics = registerProcessMetrics(metrics)
  closers.push(async () => processMetrics[Symbol.dispose]())
  registerListenerMetrics(metrics, all)
  registerEngineMetrics(metrics, { partition, invoker, log: segmentLog, store })

  registerIngressRoutes(listeners.ingress.app, {
    client: partition,
    config,
    now: Date.now,
    random: pooledRandomBytes,
    log,
    metrics: registerIngressMetrics(metrics),
  })
  const guard = hostGuard([...config.admin.allowedHosts, ...advertisedHosts(config)])
  listeners.admin.app.addHook('onRequest', guard)
  registerAdminRoutes(listeners.admin.app, {
    client: partition,
    registry,
    config,
    server: { name: 'perdure', version },
    ingressEndpoint: () => advertised(config.ingress.advertisedAddress, listeners.ingress.addresses),
    now: Date.now,
    log,
  })
  listeners.fabric.app.addHook('onRequest', guard)
  const node = { clusterName: config.clusterName, nodeName: config.nodeName, version }
  registerFabricRoutes(listeners.fabric.app, { identity: node, metrics, disablePrometheus: config.disablePrometheus })

  partition.start(invoker)
  closers.push(async () => {
    await Promise.all([
      listeners.ingress.close(INGRESS_GRACE_MS),
      listeners.admin.close(ADMIN_GRACE_MS),
      listeners.fabric.close(ADMIN_GRACE_MS),
    ])
  })
  for (const line of loosenings(config)) log.warn({ event: 'loosened', setting: line })
  // The control ports first: who finds ingress open finds the rest open too.
  await listeners.fabric.start()
  await listeners.admin.start()
  await listeners.ingress.start()
  return make(directory, listeners)
}

interface OpenedPartition {
  readonly partition: Partition
  readonly segmentLog: SegmentLog
  readonly store: Store
}

/** Log and store are opened side by side; the state is made from both. */
async function openPartition(
  { config, log, onFatal }: ServerOptions,
  directory: string,
  closers: (() => Promise<void>)[],
): Promise<OpenedPartition> {
  let partition: Partition | undefined
  let trimmer: LogTrimmer | undefined
  const opening = [
    openSegmentLog({
      directory: join(directory, 'log'),
      segmentSizeBytes: config.log.segmentSizeBytes,
      onFatal,
    }),
    Store.open({
      directory: join(directory, 'store'),
      checkpointIntervalMs: config.store.checkpointIntervalMs,
      onFolded: (position) => {
        partition?.onFolded(position)
        trimmer?.onFolded(position)
      },
      onFatal,
    }),
  ] as const
  const [openedLog, openedStore] = await Promise.allSettled(opening)
  if (openedLog.status === 'fulfilled') closers.push(() => openedLog.value.close())
  if (openedStore.status === 'fulfilled') closers.push(() => openedStore.value.close())
  if (openedLog.status === 'rejected') throw openedLog.reason
  if (openedStore.status === 'rejected') throw openedStore.reason
  const segmentLog = openedLog.value
  const store = openedStore.value

  const { state, residency, replayedBatches } = recover(segmentLog, store)
  log.info({
    event: 'recovered',
    epoch: segmentLog.epoch,
    unfinished: state.hotCount,
    replayedBatches,
  })
  if (segmentLog.recoveredBytesCut > 0) {
    log.warn({ event: 'log-tail-cut', bytes: segmentLog.recoveredBytesCut })
  }
  partition = new Partition({
    state,
    residency,
    log: segmentLog,
    store,
    now: Date.now,
    random: Math.random,
    maxPendingBytes: config.store.maxPendingBytes,
    cleanupIntervalMs: config.worker.cleanupIntervalMs,
  })
  trimmer = new LogTrimmer(segmentLog, store, config.log.segmentSizeBytes, onFatal)
  closers.push(
    () => trimmer.close(),
    () => partition.close(),
  )
  return { partition, segmentLog, store }
}

function identityOf(config: Config, log: Logger) {
  const { requestIdentityPrivateKeyPemFile: file, requestIdentityExpirationMs } = config.worker.invoker
  if (file === undefined) return undefined
  const identity = loadRequestIdentity(file, requestIdentityExpirationMs, Date.now)
  log.info({ event: 'request-identity', publicKey: identity.publicKey })
  return identity
}

function advertised(configured: string | undefined, bound: readonly BoundAddress[]): string | undefined {
  if (configured !== undefined) return configured
  const [first] = bound
  if (first?.kind !== 'tcp') return first?.url
  const isWildcard = first.host === '::' || first.host === '0.0.0.0'
  return isWildcard ? `http://localhost:${first.port}/` : `${first.url}/`
}

/** An address that is handed out must also be answered for. */
function advertisedHosts({ admin, fabric }: Config): string[] {
  return [admin, fabric].flatMap(({ advertisedAddress, advertisedHost }) => {
    if (advertisedHost !== undefined) return [advertisedHost]
    if (advertisedAddress === undefined || !URL.canParse(advertisedAddress)) return []
    const { hostname } = new URL(advertisedAddress)
    return hostname === '' ? [] : [hostname]
  })
}

/** Last opened, first closed. One that fails does not keep the others open. */
async function closeAll(closers: (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = []
  for (const close of closers.splice(0).reverse()) {
    try {
      await close()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, 'the server did not stop cleanly')
}
