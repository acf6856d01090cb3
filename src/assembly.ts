import { randomBytes } from 'node:crypto'
import { AdminAuth } from './admin/auth/admin-auth.ts'
import { registerAdminAuthMetrics } from './admin/auth/metrics.ts'
import { formatAdminError } from './admin/error-answer.ts'
import { registerIngressDoor } from './admin/ingress-door.ts'
import { registerAdminRoutes } from './admin/register-admin-routes.ts'
import { adminTarget } from './admin/target.ts'
import type { Config } from './config/config.ts'
import { refuseExposedAddresses } from './config/exposure.ts'
import { requiresClientCertificate } from './config/listener-tls.ts'
import { loosenings } from './config/loosenings.ts'
import type { Engine } from './engine.ts'
import { registerFabricRoutes } from './fabric/fabric-routes.ts'
import { IdTokens } from './gcp/id-tokens.ts'
import { createCallerAuth } from './ingress/auth/caller-auth.ts'
import { ingressListenerOptions } from './ingress/listener-options.ts'
import { registerIngressMetrics } from './ingress/metrics.ts'
import { registerIngressRoutes } from './ingress/routes.ts'
import { sensitiveServiceHeaders } from './ingress/service-header-policies.ts'
import { DefaultEgressPolicy } from './invoker/egress/default-egress-policy.ts'
import { egressLoosenings } from './invoker/egress/egress-loosenings.ts'
import { Invoker } from './invoker/invoker.ts'
import { RequestIdentity } from './invoker/request-identity.ts'
import type { BoundAddress } from './listen/bound-address.ts'
import { hostGuard } from './listen/host-guard.ts'
import { createListener, type Listener } from './listen/listener.ts'
import { registerListenerMetrics } from './listen/listener-metrics.ts'
import { newDeploymentId } from './protocol/ids.ts'
import { queryLimits } from './query/limits.ts'
import { QueryEngine } from './query/query-engine.ts'
import { pooledRandomBytes } from './random-pool.ts'
import { convertPayload } from './registry/convert-payload.ts'
import { displayUri } from './registry/deployment-uri.ts'
import { type DiscoveryRequest, discover } from './registry/discover.ts'
import { Registry } from './registry/registry.ts'
import type { Reloader } from './reload.ts'
import type { ServerOptions } from './server.ts'
import { registerEngineMetrics, registerTokenMetrics } from './server-metrics.ts'
import type { Logger } from './telemetry/logger.ts'
import { Metrics } from './telemetry/metrics.ts'
import { registerProcessMetrics } from './telemetry/process-metrics.ts'

export interface Listeners {
  readonly ingress: Listener
  readonly admin: Listener
  readonly fabric: Listener
}

/** How long ingress lets calls finish when the server stops; callers attach again for the rest. */
const INGRESS_GRACE_MS = 5000
const ADMIN_GRACE_MS = 1000

export interface AssemblyOptions extends Omit<ServerOptions, 'onFatal'> {
  /** Parts whose files may change while the server runs add themselves. */
  readonly reloader: Reloader
}

/** Puts everything that speaks HTTP around the engine, and starts it: invoker, registry, metrics, the three listeners. */
export async function assemble(
  { config, log, version, reloader, activatedSockets, idTokens = new IdTokens() }: AssemblyOptions,
  { partition, segmentLog, store, keys }: Engine,
  closers: (() => Promise<void>)[],
): Promise<Listeners> {
  const listeners = {
    ingress: createListener('ingress', config.ingress, log, {
      ...ingressListenerOptions(config),
      activatedSockets: activatedSockets?.ingress ?? [],
    }),
    admin: createListener('admin', config.admin, log, {
      routedTarget: adminTarget,
      formatError: formatAdminError,
      activatedSockets: activatedSockets?.admin ?? [],
      approve: (bound) => refuseExposedAddresses(config, 'admin', tcpHosts(bound)),
    }),
    fabric: createListener('fabric', config.fabric, log, {
      activatedSockets: activatedSockets?.fabric ?? [],
      approve: (bound) => refuseExposedAddresses(config, 'fabric', tcpHosts(bound)),
    }),
  }
  for (const [server, listener] of Object.entries(listeners)) {
    if (config[listener.name].tls !== undefined) reloader.add(`${server}.tls`, () => listener.reloadTls())
  }
  const all = Object.values(listeners)
  const identity = identityOf(config, reloader, log)
  const egress = new DefaultEgressPolicy({
    rules: config.egress,
    ownListeners: () =>
      all.flatMap((listener) =>
        listener.addresses.flatMap((bound) =>
          bound.kind === 'tcp' ? [{ address: bound.host, port: bound.port }] : [],
        ),
      ),
  })
  closers.push(() => idTokens[Symbol.asyncDispose]())
  const invoker = new Invoker({
    schema: partition.schema,
    host: partition,
    config: config.worker.invoker,
    defaults: config,
    log,
    randomBytes: pooledRandomBytes,
    dialing: { egress },
    idTokens,
    ...(identity !== undefined && { sign: identity.sign }),
  })
  closers.push(() => invoker.close())

  const requests = {
    dialer: { egress },
    clusterName: config.clusterName,
    requestHeaders: Object.entries(config.worker.invoker.additionalRequestHeaders),
    idTokens,
    ...(identity !== undefined && { sign: (path: string) => identity.sign(path, undefined) }),
  }
  const registry = new Registry({
    schema: partition.schema,
    commit: (command) => partition.commit(command),
    discover: (request) => {
      warnOfPlainToken(request, log)
      return discover(request, requests)
    },
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
  registerTokenMetrics(metrics, idTokens)
  registerEngineMetrics(metrics, { partition, invoker, log: segmentLog, store })

  const auth = await createCallerAuth(config.ingress.auth, { dialer: { egress }, now: Date.now, log })
  if (auth !== undefined) {
    closers.push(() => auth[Symbol.asyncDispose]())
    if (config.ingress.auth.apiKeysFile !== undefined) reloader.add('ingress API keys', () => auth.reloadApiKeys())
    if (config.ingress.auth.jwt.jwksFile !== undefined) reloader.add('ingress JWKS', () => auth.reloadJwks())
  }
  registerIngressRoutes(listeners.ingress.app, {
    client: partition,
    config,
    auth,
    now: Date.now,
    random: pooledRandomBytes,
    log,
    metrics: registerIngressMetrics(metrics),
  })
  const guard = hostGuard([...config.admin.allowedHosts, ...advertisedHosts(config)])
  listeners.admin.app.addHook('onRequest', guard)
  const query = new QueryEngine({
    databaseFile: store.file,
    keys,
    checkpoint: () => store.checkpoint(),
    live: () => invoker.attempts(),
    limits: queryLimits(config.admin.query),
    log,
  })
  closers.push(() => query.close())
  const adminAuth = new AdminAuth(config.admin.auth, { now: Date.now, log })
  registerAdminAuthMetrics(metrics, adminAuth.counts)
  if (config.admin.auth.tokensFile !== undefined) reloader.add('admin tokens', () => adminAuth.reload())
  registerAdminRoutes(listeners.admin.app, {
    auth: adminAuth,
    client: partition,
    query,
    registry,
    convertPayload: (conversion) => convertPayload(conversion, requests),
    config,
    server: { name: 'perdure', version },
    ingressEndpoint: () => advertised(config.ingress.advertisedAddress, listeners.ingress.addresses),
    now: Date.now,
    random: pooledRandomBytes,
    log,
  })
  registerIngressDoor(listeners.admin.app, {
    addresses: () => listeners.ingress.addresses,
    asksForCertificates: requiresClientCertificate(config.ingress),
    maxConnections: Math.ceil(config.ingress.maxConnections / 2),
    // An Authorization header at admin is for admin, unless it is ingress that knows callers by it.
    keptBack:
      !adminAuth.asksForTokens && auth?.credentialHeaders.includes('authorization') === true ? [] : ['authorization'],
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
  const loosened = [
    ...loosenings(config),
    ...egressLoosenings(config.egress, [config.ingress.bindPort, config.admin.bindPort, config.fabric.bindPort]),
    ...sensitiveServiceHeaders(partition.schema, auth?.credentialHeaders),
  ]
  for (const line of loosened) log.warn({ event: 'loosened', setting: line })
  // The control ports first: who finds ingress open finds the rest open too.
  await listeners.fabric.start()
  await listeners.admin.start()
  await listeners.ingress.start()
  return listeners
}

/** Only to hosts nearby, which may be meant: an emulator, a proxy that adds TLS. */
function warnOfPlainToken({ url, auth }: DiscoveryRequest, log: Logger): void {
  if (auth === undefined || url.protocol !== 'http:') return
  log.warn({ event: 'id-token-without-tls', uri: displayUri(url) })
}

/** Sockets may have been bound by others than the configuration. */
function tcpHosts(bound: readonly BoundAddress[]): string[] {
  return bound.flatMap((address) => (address.kind === 'tcp' ? [address.host] : []))
}

function identityOf(config: Config, reloader: Reloader, log: Logger): RequestIdentity | undefined {
  const {
    requestIdentityPrivateKeyPemFile: file,
    requestIdentityNextPrivateKeyPemFile: nextFile,
    requestIdentityExpirationMs: expirationMs,
  } = config.worker.invoker
  if (file === undefined) return undefined
  const identity = new RequestIdentity({ file, nextFile, expirationMs, now: Date.now })
  const tell = () => {
    const { publicKey, nextPublicKey } = identity
    log.info({ event: 'request-identity', publicKey, ...(nextPublicKey !== undefined && { nextPublicKey }) })
  }
  tell()
  reloader.add('request-identity', () => {
    identity.reload()
    tell()
  })
  return identity
}

function advertised(configured: string | undefined, bound: readonly BoundAddress[]): string | undefined {
  if (configured !== undefined) return configured
  const [first] = bound
  if (first?.kind !== 'tcp') return first?.url
  const isWildcard = first.host === '::' || first.host === '0.0.0.0'
  const scheme = new URL(first.url).protocol
  return isWildcard ? `${scheme}//localhost:${first.port}/` : `${first.url}/`
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
