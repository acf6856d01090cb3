import type {
  DeploymentRecord,
  HandlerRecord,
  HandlerType,
  InputRule,
  OutputRule,
  ServiceRecord,
  ServiceType,
} from '../../src/core/deployment.ts'
import type { DeploymentId } from '../../src/core/ids.ts'

const empty: InputRule = { kind: 'empty' }
const ofType = (contentType: string): InputRule => ({ kind: 'content-type', contentType })
const jsonOf = (contentType: string): InputRule => ({ kind: 'json', contentType })

export const input = {
  optionalJson: [empty, ofType('application/json')],
  requiredJson: [ofType('application/json')],
  optionalJsonWithSchema: [empty, jsonOf('application/json')],
  requiredJsonWithSchema: [jsonOf('application/json')],
  absent: [empty, ofType('*/*')],
  none: [empty],
  requiredAny: [ofType('*/*')],
  text: [ofType('text/*')],
  withParameter: [ofType('application/json; charset=utf-8')],
  broken: [],
} satisfies Record<string, readonly InputRule[]>

export const output = {
  json: { kind: 'content-type', contentType: 'application/json', setIfEmpty: false },
  always: { kind: 'content-type', contentType: 'text/x-always', setIfEmpty: true },
  octets: { kind: 'content-type', contentType: 'application/octet-stream', setIfEmpty: false },
  none: { kind: 'none' },
} satisfies Record<string, OutputRule>

export function handler(name: string, type: HandlerType, overrides: Partial<HandlerRecord> = {}): HandlerRecord {
  return {
    name,
    type,
    public: true,
    input: input.optionalJson,
    output: output.json,
    inputDescription: '',
    outputDescription: '',
    ...overrides,
  }
}

export function service(
  name: string,
  type: ServiceType,
  handlers: readonly HandlerRecord[],
  overrides: Partial<ServiceRecord> = {},
): ServiceRecord {
  return { name, type, revision: 1, public: true, handlers, ...overrides }
}

export function deployment(
  id: string,
  services: readonly ServiceRecord[],
  overrides: Partial<DeploymentRecord> = {},
): DeploymentRecord {
  return {
    id: id as DeploymentId,
    uri: 'http://127.0.0.1:1/',
    protocolMode: 'BIDI_STREAM',
    httpVersion: 'HTTP/2.0',
    additionalHeaders: [],
    metadata: {},
    createdAt: 0,
    minProtocolVersion: 5,
    maxProtocolVersion: 6,
    services,
    ...overrides,
  }
}

/** Services of all kinds; `Svc` has a handler for each input rule and each output rule. */
export function testDeployments(): readonly DeploymentRecord[] {
  const inputs = Object.entries(input).map(([name, rules]) => handler(`in-${name}`, 'Stateless', { input: rules }))
  const outputs = Object.entries(output).map(([name, rule]) =>
    handler(`out-${name}`, 'Stateless', { output: rule, input: input.absent }),
  )
  return [
    deployment('dp_test', [
      service('Svc', 'Service', [
        handler('echo', 'Stateless'),
        handler('send', 'Stateless'),
        handler('hidden', 'Stateless', { public: false }),
        handler('forgetful', 'Stateless', { idempotencyRetentionMs: 0, journalRetentionMs: 0 }),
        ...inputs,
        ...outputs,
      ]),
      service('my.svc-2', 'Service', [handler('h', 'Stateless')]),
      service('Obj', 'VirtualObject', [
        handler('add', 'Exclusive'),
        handler('peek', 'Shared'),
        handler('send', 'Exclusive'),
      ]),
      service('Wf', 'Workflow', [handler('run', 'Workflow'), handler('status', 'Shared')]),
      service('Private', 'Service', [handler('h', 'Stateless')], { public: false }),
    ]),
    deployment('dp_old', [service('Old', 'Service', [handler('h', 'Stateless')])], {
      minProtocolVersion: 1,
      maxProtocolVersion: 4,
    }),
  ]
}
