import type { IngressAuthConfig, IngressConfig } from '../../src/config/config.ts'
import { createCallerAuth } from '../../src/ingress/auth/caller-auth.ts'
import type { IngressServerConfig } from '../../src/ingress/context.ts'
import { ingressListenerOptions } from '../../src/ingress/listener-options.ts'
import { type IngressMetrics, newIngressMetrics } from '../../src/ingress/metrics.ts'
import { registerIngressRoutes } from '../../src/ingress/routes.ts'
import { DefaultEgressPolicy } from '../../src/invoker/egress/default-egress-policy.ts'
import { createListener, type Listener } from '../../src/listen/listener.ts'
import { pooledRandomBytes } from '../../src/random-pool.ts'
import type { Dialer } from '../../src/registry/connection.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { FakePartition } from './fake-partition.ts'
import { testDeployments } from './services.ts'

export const dayMs = 24 * 3600 * 1000

export const noAuth: IngressAuthConfig = {
  apiKeys: {},
  apiKeysFile: undefined,
  apiKeyHeaders: ['authorization', 'x-api-key'],
  subjectHeader: undefined,
  openHealth: true,
  jwt: {
    profile: 'generic',
    issuer: undefined,
    audiences: [],
    jwksUrl: undefined,
    jwksFile: undefined,
    header: 'authorization',
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    clockSkewMs: 30_000,
    requiredClaims: {},
    subjectClaim: 'sub',
  },
}

export function ingressConfig(overrides: Partial<IngressConfig> = {}): IngressConfig {
  return {
    listenMode: 'tcp',
    bindIp: '127.0.0.1',
    bindPort: 0,
    advertisedAddress: undefined,
    unixSocketPath: '/nonexistent/ingress.sock',
    unixSocketMode: 0o600,
    requestSizeLimitBytes: 256 * 1024,
    maxHeaderBytes: 16_384,
    maxHeaderCount: 100,
    headersTimeoutMs: 60_000,
    bodyTimeoutMs: 60_000,
    idleTimeoutMs: 60_000,
    maxConnections: 100,
    http2MaxConcurrentStreams: 100,
    concurrentRequestsLimit: undefined,
    headerAllowList: ['content-type', 'accept', 'user-agent', 'traceparent'],
    headerAllowListExtra: [],
    headerPolicy: 'allow-list',
    journalQueryString: false,
    corsAllowedOrigins: [],
    auth: noAuth,
    ...overrides,
  }
}

export function serverConfig(
  ingress: Partial<IngressConfig> = {},
  compatibility: 'strict' | 'restate' = 'strict',
): IngressServerConfig {
  return {
    compatibility,
    ingress: ingressConfig(ingress),
    defaultJournalRetentionMs: dayMs,
    maxJournalRetentionMs: undefined,
    defaultIdempotencyRetentionMs: dayMs,
    maxIdempotencyRetentionMs: undefined,
    defaultWorkflowCompletionRetentionMs: dayMs,
    maxWorkflowCompletionRetentionMs: undefined,
  }
}

export interface TestIngress extends AsyncDisposable {
  readonly listener: Listener
  readonly port: number
  readonly url: string
  readonly partition: FakePartition
  readonly metrics: IngressMetrics
  readonly logLines: string[]
  /** ms since epoch; the clock stands still until a test moves it. */
  nowMs: number
}

/** Ingress behind its real listener on a free port, before a partition in memory. */
export async function startIngress(
  config: IngressServerConfig = serverConfig(),
  dialer: Dialer = { egress: new DefaultEgressPolicy() },
): Promise<TestIngress> {
  const logLines: string[] = []
  const log = createLogger(
    { logFilter: 'trace', logFormat: 'json', logDisableAnsiCodes: true },
    { write: (line) => void logLines.push(line) },
  )
  const clock = { nowMs: Date.UTC(2026, 10, 21, 12, 0, 0, 123) }
  const partition = new FakePartition(() => clock.nowMs)
  for (const record of testDeployments()) partition.schema.put(record)
  const metrics = newIngressMetrics()
  const listener = createListener('ingress', config.ingress, log, ingressListenerOptions(config))
  const auth = await createCallerAuth(config.ingress.auth, { dialer, now: () => clock.nowMs, log })
  registerIngressRoutes(listener.app, {
    client: partition,
    config,
    now: () => clock.nowMs,
    random: pooledRandomBytes,
    log,
    metrics,
    auth,
  })
  const [address] = await listener.start()
  if (address?.kind !== 'tcp') throw new Error('no TCP address')
  return {
    listener,
    port: address.port,
    url: `http://127.0.0.1:${address.port}`,
    partition,
    metrics,
    logLines,
    get nowMs() {
      return clock.nowMs
    },
    set nowMs(ms) {
      clock.nowMs = ms
    },
    async [Symbol.asyncDispose]() {
      await listener[Symbol.asyncDispose]()
      await auth?.[Symbol.asyncDispose]()
    },
  }
}

export interface Ask {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>
  readonly body: string
  readonly json: unknown
}

/** Injects a request; `path` is taken as it is. A body without a content type has none. */
export async function ask(ingress: TestIngress, path: string, request: Ask = {}): Promise<Reply> {
  const response = await ingress.listener.app.inject({
    // Methods beyond those that the types know are part of the tests.
    method: (request.method ?? 'POST') as 'POST',
    url: path,
    headers: { ...request.headers },
    ...(request.body === undefined ? {} : { payload: Buffer.from(request.body) }),
  })
  return {
    status: response.statusCode,
    headers: response.headers,
    body: response.payload,
    json: parsed(response.payload),
  }
}

export const jsonType = { 'content-type': 'application/json' }

export function askJson(ingress: TestIngress, path: string, value: unknown, headers = {}): Promise<Reply> {
  return ask(ingress, path, { headers: { ...jsonType, ...headers }, body: JSON.stringify(value) })
}

/** The body of an error of ingress, whatever its text. */
export function isIngressError(reply: Reply, status: number): boolean {
  const { json } = reply
  return (
    reply.status === status &&
    reply.headers['x-restate-error-source'] === 'ingress' &&
    reply.headers['content-type'] === 'application/json' &&
    reply.headers['x-restate-id'] === undefined &&
    typeof json === 'object' &&
    json !== null &&
    'code' in json &&
    json.code === status &&
    'message' in json &&
    typeof json.message === 'string' &&
    'source' in json &&
    json.source === 'ingress'
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
