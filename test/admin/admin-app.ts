import { randomBytes } from 'node:crypto'
import Fastify, { type FastifyInstance } from 'fastify'
import { AdminAuth } from '../../src/admin/auth/admin-auth.ts'
import type { AdminDependencies } from '../../src/admin/register-admin-routes.ts'
import { registerAdminRoutes } from '../../src/admin/register-admin-routes.ts'
import { adminTarget } from '../../src/admin/target.ts'
import type { AdminAuthConfig, ListenerConfig } from '../../src/config/config.ts'
import type { ServiceRecord } from '../../src/core/deployment.ts'
import { FakePartitionClient } from './fake-partition-client.ts'
import { FakeRegistry } from './fake-registry.ts'

const DAY_MS = 86_400_000

/** The defaults of the official server. */
export const defaults: AdminDependencies['config'] = {
  clusterName: 'localcluster',
  defaultJournalRetentionMs: DAY_MS,
  maxJournalRetentionMs: undefined,
  defaultIdempotencyRetentionMs: DAY_MS,
  maxIdempotencyRetentionMs: undefined,
  defaultWorkflowCompletionRetentionMs: DAY_MS,
  maxWorkflowCompletionRetentionMs: undefined,
  defaultRetryPolicy: {
    initialIntervalMs: 500,
    exponentiationFactor: 2,
    maxAttempts: 70,
    maxIntervalMs: 60_000,
    onMaxAttempts: 'pause',
  },
  maxRetryPolicyMaxAttempts: undefined,
  worker: { invoker: { inactivityTimeoutMs: 60_000, abortTimeoutMs: 600_000, enableProtocolV7: false } },
  admin: { requestSizeLimitBytes: 32 * 1024 * 1024 },
}

export const nowMs = Date.parse('2026-11-21T17:30:00.000Z')

export type LogLine = Readonly<Record<string, unknown>>

export interface TestAdmin extends AsyncDisposable {
  readonly app: FastifyInstance
  readonly client: FakePartitionClient
  readonly registry: FakeRegistry
  readonly log: { readonly info: LogLine[]; readonly error: LogLine[] }
}

export const noAuth: AdminAuthConfig = {
  tokens: {},
  tokensFile: undefined,
  unixSocketRole: 'admin',
  allowUnauthenticated: false,
}

/** Knows users as it is configured; everybody is let in without a configuration. */
export function testAuth(config: Partial<AdminAuthConfig> = {}): AdminAuth {
  return new AdminAuth({ ...noAuth, ...config }, { now: Date.now, log: { info() {}, error() {} } })
}

/** What a listener has for admin, without its sockets. */
export function adminFastify(): FastifyInstance {
  return Fastify({ rewriteUrl: ({ url = '/' }) => adminTarget(url) })
}

/** Admin on a partition and a registry that are not real, for `app.inject` unless `app` listens. */
export function testAdmin(
  more: Partial<Omit<AdminDependencies, 'client' | 'registry'>> = {},
  services?: readonly ServiceRecord[],
  app = adminFastify(),
): TestAdmin {
  const client = new FakePartitionClient()
  const registry = new FakeRegistry(client.schema, services)
  const log = { info: [] as LogLine[], error: [] as LogLine[] }
  registerAdminRoutes(app, {
    auth: testAuth(),
    client,
    registry,
    convertPayload: () => Promise.reject(new Error('no service is asked here')),
    query: { run: async () => ({ contentType: 'application/json', body: [Buffer.from('{"rows":[]}')], release() {} }) },
    config: defaults,
    server: { name: 'perdure', version: '0.1.0' },
    ingressEndpoint: () => 'http://127.0.0.1:8080/',
    now: () => nowMs,
    random: (byteLength) => randomBytes(byteLength),
    log: {
      info: (fields) => log.info.push(fields),
      error: (fields) => log.error.push(fields),
    },
    ...more,
  })
  return { app, client, registry, log, [Symbol.asyncDispose]: () => app.close() }
}

/** A real listener on 127.0.0.1 or on a socket file. */
export function listenerConfig(listenMode: 'tcp' | 'unix', unixSocketPath: string): ListenerConfig {
  return {
    listenMode,
    bindIp: '127.0.0.1',
    bindPort: 0,
    advertisedAddress: undefined,
    unixSocketPath,
    unixSocketMode: 0o600,
    requestSizeLimitBytes: 32 * 1024 * 1024,
    maxHeaderBytes: 16 * 1024,
    maxHeaderCount: 100,
    headersTimeoutMs: 10_000,
    bodyTimeoutMs: 10_000,
    idleTimeoutMs: 60_000,
    maxConnections: 100,
    http2MaxConcurrentStreams: 100,
    concurrentRequestsLimit: undefined,
  }
}
