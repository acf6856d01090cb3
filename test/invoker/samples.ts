import { randomBytes } from 'node:crypto'
import type { InvokerConfig } from '../../src/config/config.ts'
import type { DeploymentRecord, HandlerRecord, ServiceRecord } from '../../src/core/deployment.ts'
import { EntryType } from '../../src/core/entry-type.ts'
import type { DeploymentId } from '../../src/core/ids.ts'
import type { Invocation, InvocationTarget } from '../../src/core/invocation.ts'
import type { CommandEntry, JournalEntry, NotificationEntry } from '../../src/core/journal.ts'
import type { RetryPolicy } from '../../src/core/retry-policy.ts'
import { invocationIdFor } from '../../src/protocol/ids/derive-invocation-id.ts'
import { encodeRun } from '../../src/protocol/messages/run.ts'

export const oneDayMs = 86_400_000

export const retryPolicy: RetryPolicy = {
  initialIntervalMs: 500,
  exponentiationFactor: 2,
  maxIntervalMs: 60_000,
  maxAttempts: 70,
  onMaxAttempts: 'pause',
}

export const defaults = {
  defaultRetryPolicy: retryPolicy,
  maxRetryPolicyMaxAttempts: undefined,
  defaultJournalRetentionMs: oneDayMs,
  maxJournalRetentionMs: undefined,
  defaultIdempotencyRetentionMs: oneDayMs,
  maxIdempotencyRetentionMs: undefined,
  defaultWorkflowCompletionRetentionMs: oneDayMs,
  maxWorkflowCompletionRetentionMs: undefined,
}

export function invokerConfig(overrides: Partial<InvokerConfig> = {}): InvokerConfig {
  return {
    inactivityTimeoutMs: 60_000,
    abortTimeoutMs: 600_000,
    messageSizeLimitBytes: 32 * 1024 * 1024,
    messageSizeWarningBytes: 10 * 1024 * 1024,
    concurrentInvocationsLimit: 1000,
    memoryLimitBytes: 1.5 * 2 ** 30,
    perInvocationMemoryLimitBytes: 32 * 1024 * 1024,
    journalLengthLimit: 1_000_000,
    maxAwaitedFutureDepth: 1000,
    eagerStateSizeLimitBytes: 32 * 1024 * 1024,
    enableProtocolV7: false,
    connectTimeoutMs: 10_000,
    http2KeepAliveIntervalMs: 40_000,
    http2KeepAliveTimeoutMs: 20_000,
    http2StreamsPerConnectionLimit: 128,
    http2IdleConnectionTimeoutMs: 300_000,
    http2StreamWindowBytes: 2 * 1024 * 1024,
    http2ConnectionWindowBytes: 5 * 1024 * 1024,
    requestIdentityPrivateKeyPemFile: undefined,
    requestIdentityNextPrivateKeyPemFile: undefined,
    requestIdentityExpirationMs: 60_000,
    additionalRequestHeaders: { 'x-restate-cluster-name': 'localcluster' },
    ...overrides,
  }
}

export function handler(name: string, overrides: Partial<HandlerRecord> = {}): HandlerRecord {
  return {
    name,
    type: 'Stateless',
    public: true,
    input: [{ kind: 'empty' }],
    output: { kind: 'none' },
    inputDescription: 'none',
    outputDescription: 'none',
    ...overrides,
  }
}

export function service(name: string, overrides: Partial<ServiceRecord> = {}): ServiceRecord {
  return { name, type: 'Service', revision: 1, public: true, handlers: [handler('greet')], ...overrides }
}

export const deploymentId = (text: string): DeploymentId => text as DeploymentId

export function deployment(uri: string, overrides: Partial<DeploymentRecord> = {}): DeploymentRecord {
  return {
    id: deploymentId('dp_1aaaaaaaaaaaaaaaaaaaaaa'),
    uri,
    protocolMode: 'BIDI_STREAM',
    httpVersion: 'HTTP/2.0',
    additionalHeaders: [],
    metadata: {},
    createdAt: 0,
    minProtocolVersion: 5,
    maxProtocolVersion: 7,
    services: [service('Greeter')],
    ...overrides,
  }
}

export const greeterTarget: InvocationTarget = {
  service: 'Greeter',
  serviceType: 'Service',
  key: undefined,
  handler: 'greet',
  handlerType: 'Stateless',
}

export const inputEntry: JournalEntry = {
  kind: 'input',
  headers: [['x-restate-ingress-path', '/Greeter/greet']],
  body: Buffer.from('"Ada"'),
  appendedAt: 1_000_000,
}

export const runPayload = encodeRun({ resultCompletionId: 1, name: 'step' })

export const runEntry: CommandEntry = {
  kind: 'command',
  type: EntryType.Run,
  payload: runPayload,
  completionIds: [1],
  appendedAt: 1_000_100,
}

export const runCompletion: NotificationEntry = {
  kind: 'notification',
  type: EntryType.RunCompletion,
  key: { kind: 'completion', id: 1 },
  result: { kind: 'value', value: Buffer.from('42') },
  appendedAt: 1_000_200,
}

export const counterTarget: InvocationTarget = {
  service: 'Counter',
  serviceType: 'VirtualObject',
  key: 'k1',
  handler: 'add',
  handlerType: 'Exclusive',
}

export const flowTarget: InvocationTarget = {
  service: 'Flow',
  serviceType: 'Workflow',
  key: 'w1',
  handler: 'run',
  handlerType: 'Workflow',
}

/** A service, an object and a workflow, each with its handlers. */
export const allKinds: readonly ServiceRecord[] = [
  service('Greeter'),
  service('Counter', {
    type: 'VirtualObject',
    handlers: [handler('add', { type: 'Exclusive' }), handler('get', { type: 'Shared' })],
  }),
  service('Flow', {
    type: 'Workflow',
    handlers: [handler('run', { type: 'Workflow' }), handler('signal', { type: 'Shared' })],
  }),
]

let lastSeq = 0

export function invocation(overrides: Partial<Invocation> = {}): Invocation {
  const target = overrides.target ?? greeterTarget
  const { service: name, key, handler: handlerName } = target
  const id = invocationIdFor(
    { service: name, key, handler: handlerName, isWorkflowRun: false },
    1_000_000,
    randomBytes(12),
  )
  return {
    seq: ++lastSeq,
    id,
    target,
    source: { kind: 'ingress' },
    idempotencyKey: undefined,
    executionTime: undefined,
    completionRetentionMs: 0,
    journalRetentionMs: 0,
    seedOf: id,
    createdAt: 1_000_000,
    status: 'invoked',
    modifiedAt: 1_000_000,
    startedAt: undefined,
    completedAt: undefined,
    journal: [inputEntry],
    commandCount: 1,
    pinned: undefined,
    retry: undefined,
    failedAttempts: 0,
    awaiting: undefined,
    sleeping: [],
    calls: [],
    queueOrder: undefined,
    pauseRequested: false,
    sinks: [],
    output: undefined,
    result: undefined,
    events: [],
    ...overrides,
  }
}

export const silentLog = { warn: () => undefined }
