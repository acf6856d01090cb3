import type { DeploymentRecord, HandlerRecord, ServiceRecord } from '../../src/core/deployment.ts'
import type { DeploymentId, InvocationId } from '../../src/core/ids.ts'
import type { Invocation } from '../../src/core/invocation.ts'

/** Ids that the official server made. */
export const dpA = 'dp_16H0AubR1QlyV71ngiKEQlX' as DeploymentId
export const dpB = 'dp_10i80EXW1SyTzUmNzJtxIwF' as DeploymentId
export const dpUnknown = 'dp_10i80EXW1SyTzUmNzJtxIwX' as DeploymentId
export const invocationId = 'inv_19Yjr9UGH2Ew4sRbrScDXcvFlIsVANZEXL' as InvocationId
export const unknownInvocationId = 'inv_1kSkFdNxLIek29DgA04RwnUQtCASHMNiix' as InvocationId

export function handler(name: string, more: Partial<HandlerRecord> = {}): HandlerRecord {
  return {
    name,
    type: 'Stateless',
    public: true,
    input: [],
    output: { kind: 'none' },
    inputDescription: 'application/json',
    outputDescription: 'application/json',
    ...more,
  }
}

export function service(name: string, more: Partial<ServiceRecord> = {}): ServiceRecord {
  return { name, type: 'Service', revision: 1, public: true, handlers: [handler('greet')], ...more }
}

export function deployment(id: DeploymentId, more: Partial<DeploymentRecord> = {}): DeploymentRecord {
  return {
    id,
    uri: 'http://localhost:19310/',
    protocolMode: 'BIDI_STREAM',
    httpVersion: 'HTTP/2.0',
    additionalHeaders: [],
    metadata: {},
    createdAt: Date.parse('2026-11-21T17:18:51.216Z'),
    minProtocolVersion: 5,
    maxProtocolVersion: 7,
    sdkVersion: 'restate-sdk-typescript/1.17.2',
    services: [service('Greeter')],
    ...more,
  }
}

export function invocation(more: Partial<Invocation> = {}): Invocation {
  const createdAt = Date.parse('2026-11-21T17:20:00.000Z')
  return {
    seq: 1,
    id: invocationId,
    target: {
      service: 'Greeter',
      serviceType: 'Service',
      key: undefined,
      handler: 'greet',
      handlerType: 'Stateless',
    },
    source: { kind: 'ingress' },
    idempotencyKey: undefined,
    executionTime: undefined,
    completionRetentionMs: 86_400_000,
    journalRetentionMs: 86_400_000,
    seedOf: more.id ?? invocationId,
    createdAt,
    status: 'invoked',
    modifiedAt: createdAt,
    startedAt: createdAt,
    completedAt: undefined,
    journal: [{ kind: 'input', headers: [], body: Buffer.from('"Ada"'), appendedAt: createdAt }],
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
    ...more,
  }
}
