import { resolve } from 'node:path'
import type { RetryPolicy } from '../core/retry-policy.ts'
import { formatByteSize } from './byte-size.ts'
import { type Config, type IngressAuthConfig, type InvokerConfig, type ListenerConfig, MAX_TIMER_MS } from './config.ts'
import type { Key, OptionalKey } from './key.ts'
import type { ListenerTls } from './listener-tls.ts'
import { adminAuthKeys, fabricAuthKeys } from './schema/admin-auth-keys.ts'
import { egressKeys } from './schema/egress-keys.ts'
import { ingressAuthKeys } from './schema/ingress-auth-keys.ts'
import { adminKeys, ingressKeys } from './schema/ingress-keys.ts'
import {
  adminListenerKeys,
  DEFAULT_PORTS,
  fabricKeys,
  ingressListenerKeys,
  type ListenerKeys,
} from './schema/listener-keys.ts'
import { networkingKeys } from './schema/networking-keys.ts'
import { nodeKeys } from './schema/node-keys.ts'
import { queryKeys } from './schema/query-keys.ts'
import { secretsKeys } from './schema/secrets-keys.ts'
import { logKeys, storeKeys } from './schema/storage-keys.ts'
import { adminTlsKeys, ingressTlsKeys, type ListenerTlsKeys } from './schema/tls-keys.ts'
import { invokerKeys, retryPolicyKeys, workerKeys } from './schema/worker-keys.ts'
import type { Settings } from './settings.ts'

/** Makes the typed configuration of checked settings. Relative paths start at `cwd`. */
export function buildConfig(settings: Settings, cwd: string, warn: (line: string) => void): Config {
  const baseDir = resolve(cwd, settings.get(nodeKeys.baseDir))
  const nodeName = settings.get(nodeKeys.nodeName)
  const socketDir = resolve(baseDir, nodeName)
  const listener = (server: keyof typeof DEFAULT_PORTS, keys: ListenerKeys, tlsKeys?: ListenerTlsKeys) => {
    const socketPath = absolute(settings, keys.unixSocketPath, cwd) ?? resolve(socketDir, `${server}.sock`)
    const tls = tlsKeys === undefined ? undefined : listenerTls(settings, tlsKeys, cwd)
    return listenerConfig(settings, keys, DEFAULT_PORTS[server], socketPath, tls, warn)
  }
  return {
    clusterName: settings.get(nodeKeys.clusterName),
    nodeName,
    baseDir,
    compatibility: settings.get(nodeKeys.compatibility),
    shutdownTimeoutMs: timerMs(settings.get(nodeKeys.shutdownTimeout)),
    logFilter: settings.get(nodeKeys.logFilter),
    logFormat: settings.get(nodeKeys.logFormat),
    logDisableAnsiCodes: settings.get(nodeKeys.logDisableAnsiCodes),
    disablePrometheus: settings.get(nodeKeys.disablePrometheus),
    defaultJournalRetentionMs: settings.get(nodeKeys.defaultJournalRetention),
    maxJournalRetentionMs: settings.find(nodeKeys.maxJournalRetention),
    defaultIdempotencyRetentionMs: settings.get(nodeKeys.defaultIdempotencyRetention),
    maxIdempotencyRetentionMs: settings.find(nodeKeys.maxIdempotencyRetention),
    defaultWorkflowCompletionRetentionMs: settings.get(nodeKeys.defaultWorkflowCompletionRetention),
    maxWorkflowCompletionRetentionMs: settings.find(nodeKeys.maxWorkflowCompletionRetention),
    defaultRetryPolicy: retryPolicy(settings),
    maxRetryPolicyMaxAttempts: settings.find(nodeKeys.maxRetryPolicyMaxAttempts),
    fabric: {
      ...listener('fabric', fabricKeys),
      concurrentRequestsLimit: undefined,
      allowUnauthenticated: settings.get(fabricAuthKeys.allowUnauthenticated),
    },
    admin: {
      ...listener('admin', adminListenerKeys, adminTlsKeys),
      concurrentRequestsLimit: settings.find(adminListenerKeys.concurrentRequestsLimit),
      deploymentRoutingHeaders: settings.get(adminKeys.deploymentRoutingHeaders),
      allowedHosts: settings.get(adminKeys.allowedHosts),
      auth: {
        tokens: settings.get(adminAuthKeys.tokens),
        tokensFile: absolute(settings, adminAuthKeys.tokensFile, cwd),
        unixSocketRole: settings.get(adminAuthKeys.unixSocketRole),
        allowUnauthenticated: settings.get(adminAuthKeys.allowUnauthenticated),
      },
      query: {
        timeoutMs: timerMs(settings.get(queryKeys.timeout)),
        maxRows: settings.get(queryKeys.maxRows),
        maxResultBytes: settings.get(queryKeys.maxResultSize),
        maxMemoryBytes: settings.get(queryKeys.memoryLimit),
        concurrency: settings.get(queryKeys.concurrency),
      },
    },
    ingress: {
      ...listener('ingress', ingressListenerKeys, ingressTlsKeys),
      concurrentRequestsLimit: settings.find(ingressListenerKeys.concurrentRequestsLimit),
      headerAllowList: settings.get(ingressKeys.headerAllowList),
      headerAllowListExtra: settings.get(ingressKeys.headerAllowListExtra),
      headerPolicy: settings.get(ingressKeys.headerPolicy),
      journalQueryString: settings.get(ingressKeys.journalQueryString),
      corsAllowedOrigins: settings.get(ingressKeys.corsAllowedOrigins),
      auth: ingressAuth(settings, cwd),
    },
    worker: {
      cleanupIntervalMs: timerMs(settings.get(workerKeys.cleanupInterval)),
      invoker: invokerConfig(settings, cwd, warn),
    },
    egress: {
      mode: settings.get(egressKeys.mode),
      allow: settings.get(egressKeys.allow),
      deny: settings.get(egressKeys.deny),
    },
    log: { segmentSizeBytes: settings.get(logKeys.segmentSize) },
    store: {
      checkpointIntervalMs: timerMs(settings.get(storeKeys.checkpointInterval)),
      maxPendingBytes: settings.get(storeKeys.maxPendingBytes),
    },
    secrets: { keyFile: absolute(settings, secretsKeys.keyFile, cwd) },
  }
}

function listenerConfig(
  settings: Settings,
  keys: ListenerKeys,
  defaultPort: number,
  unixSocketPath: string,
  tls: ListenerTls | undefined,
  warn: (line: string) => void,
): Omit<ListenerConfig, 'concurrentRequestsLimit'> {
  const address = settings.find(keys.bindAddress)
  const bindPort = address === undefined ? settings.get(keys.bindPort) : (address.port ?? defaultPort)
  const listenMode = settings.get(keys.listenMode)
  const advertisedHost = settings.find(keys.advertisedHost)
  const unixSocketMode = settings.get(keys.unixSocketMode)
  const unixSocketGroup = settings.find(keys.unixSocketGroup)
  if (unixSocketGroup !== undefined && listenMode !== 'tcp' && (unixSocketMode & 0o020) === 0) {
    warn(`${keys.unixSocketGroup.path} has no effect: ${keys.unixSocketMode.path} lets no group connect; "0660" does`)
  }
  // A port that is not known yet is the listener's to fill in.
  const derivedAddress =
    advertisedHost === undefined || listenMode === 'unix' || bindPort === 0
      ? undefined
      : `${tls === undefined ? 'http' : 'https'}://${advertisedHost.includes(':') ? `[${advertisedHost}]` : advertisedHost}:${bindPort}/`
  return {
    listenMode,
    bindIp: address?.ip ?? settings.get(keys.bindIp),
    bindPort,
    advertisedAddress: settings.find(keys.advertisedAddress) ?? derivedAddress,
    ...(advertisedHost === undefined ? {} : { advertisedHost }),
    unixSocketPath,
    unixSocketMode,
    unixSocketGroup,
    tls,
    requestSizeLimitBytes: boundedSize(settings, keys.requestSizeLimit, warn),
    maxHeaderBytes: settings.get(keys.maxHeaderBytes),
    maxHeaderCount: settings.get(keys.maxHeaderCount),
    headersTimeoutMs: timerMs(settings.get(keys.headersTimeout)),
    bodyTimeoutMs: timerMs(settings.get(keys.bodyTimeout)),
    idleTimeoutMs: timerMs(settings.get(keys.idleTimeout)),
    maxConnections: settings.get(keys.maxConnections),
    http2MaxConcurrentStreams: settings.get(keys.http2MaxConcurrentStreams),
  }
}

/** Whatever of it is set counts, so that a half of it stops the start of the listener and does not leave it in clear. */
function listenerTls(settings: Settings, keys: ListenerTlsKeys, cwd: string): ListenerTls | undefined {
  const tls = {
    certFile: absolute(settings, keys.certFile, cwd),
    keyFile: absolute(settings, keys.keyFile, cwd),
    clientCaFile: absolute(settings, keys.clientCaFile, cwd),
    clientNames: settings.get(keys.clientNames),
  }
  const isUnset = (value: string | readonly string[] | undefined) => value === undefined || value.length === 0
  return Object.values(tls).every(isUnset) ? undefined : tls
}

function ingressAuth(settings: Settings, cwd: string): IngressAuthConfig {
  return {
    apiKeys: settings.get(ingressAuthKeys.apiKeys),
    apiKeysFile: absolute(settings, ingressAuthKeys.apiKeysFile, cwd),
    apiKeyHeaders: settings.get(ingressAuthKeys.apiKeyHeaders),
    subjectHeader: settings.find(ingressAuthKeys.subjectHeader),
    openHealth: settings.get(ingressAuthKeys.openHealth),
    jwt: {
      profile: settings.get(ingressAuthKeys.profile),
      issuer: settings.find(ingressAuthKeys.issuer),
      audiences: settings.get(ingressAuthKeys.audiences),
      jwksUrl: settings.find(ingressAuthKeys.jwksUrl),
      jwksFile: absolute(settings, ingressAuthKeys.jwksFile, cwd),
      header: settings.get(ingressAuthKeys.header),
      algorithms: settings.get(ingressAuthKeys.algorithms),
      clockSkewMs: settings.get(ingressAuthKeys.clockSkew),
      requiredClaims: settings.get(ingressAuthKeys.requiredClaims),
      subjectClaim: settings.get(ingressAuthKeys.subjectClaim),
    },
  }
}

function invokerConfig(settings: Settings, cwd: string, warn: (line: string) => void): InvokerConfig {
  const messageSizeLimitBytes = boundedSize(settings, invokerKeys.messageSizeLimit, warn)
  return {
    inactivityTimeoutMs: timerMs(settings.get(invokerKeys.inactivityTimeout)),
    abortTimeoutMs: timerMs(settings.get(invokerKeys.abortTimeout)),
    messageSizeLimitBytes,
    messageSizeWarningBytes: settings.get(invokerKeys.messageSizeWarning),
    concurrentInvocationsLimit: settings.get(invokerKeys.concurrentInvocationsLimit),
    memoryLimitBytes: settings.get(invokerKeys.memoryLimit),
    perInvocationMemoryLimitBytes: settings.get(invokerKeys.perInvocationMemoryLimit),
    journalLengthLimit: settings.get(invokerKeys.journalLengthLimit),
    maxAwaitedFutureDepth: settings.get(invokerKeys.maxAwaitedFutureDepth),
    eagerStateSizeLimitBytes: Math.min(settings.get(invokerKeys.eagerStateSizeLimit), messageSizeLimitBytes),
    enableProtocolV7: settings.get(nodeKeys.enableProtocolV7),
    connectTimeoutMs: timerMs(settings.get(invokerKeys.connectTimeout)),
    http2KeepAliveIntervalMs: timerMs(settings.get(invokerKeys.http2KeepAliveInterval)),
    http2KeepAliveTimeoutMs: timerMs(settings.get(invokerKeys.http2KeepAliveTimeout)),
    http2StreamsPerConnectionLimit: settings.get(invokerKeys.http2StreamsPerConnectionLimit),
    http2IdleConnectionTimeoutMs: timerMs(settings.get(invokerKeys.http2IdleConnectionTimeout)),
    http2StreamWindowBytes: settings.get(invokerKeys.http2InitialStreamWindowSize),
    http2ConnectionWindowBytes: settings.get(invokerKeys.http2InitialConnectionWindowSize),
    requestIdentityPrivateKeyPemFile: absolute(settings, invokerKeys.requestIdentityPrivateKeyPemFile, cwd),
    requestIdentityNextPrivateKeyPemFile: absolute(settings, invokerKeys.requestIdentityNextPrivateKeyPemFile, cwd),
    // restate-server signs for at least one second.
    requestIdentityExpirationMs: Math.max(1000, settings.get(invokerKeys.requestIdentityExpiration)),
    additionalRequestHeaders: settings.get(invokerKeys.additionalRequestHeaders),
  }
}

function retryPolicy(settings: Settings): RetryPolicy {
  const maxAttempts = settings.get(retryPolicyKeys.maxAttempts)
  return {
    initialIntervalMs: settings.get(retryPolicyKeys.initialInterval),
    exponentiationFactor: settings.get(retryPolicyKeys.exponentiationFactor),
    maxIntervalMs: settings.get(retryPolicyKeys.maxInterval),
    maxAttempts: maxAttempts === 'unlimited' ? undefined : maxAttempts,
    onMaxAttempts: settings.get(retryPolicyKeys.onMaxAttempts),
  }
}

/** A size that networking.message-size-limit bounds, as in restate-server. */
function boundedSize(settings: Settings, key: Key<number>, warn: (line: string) => void): number {
  const bytes = settings.get(key)
  const maxBytes = settings.get(networkingKeys.messageSizeLimit)
  if (bytes <= maxBytes) return bytes
  warn(`${key.path}: ${formatByteSize(bytes)} is cut to networking.message-size-limit, ${formatByteSize(maxBytes)}`)
  return maxBytes
}

function timerMs(durationMs: number): number {
  return Math.min(durationMs, MAX_TIMER_MS)
}

function absolute(settings: Settings, key: OptionalKey<string>, cwd: string): string | undefined {
  const path = settings.find(key)
  return path === undefined ? undefined : resolve(cwd, path)
}
