import type { ServiceType } from '../core/deployment.ts'
import { IngressBadPath, IngressNotFound, IngressServiceNotFound } from '../errors/ingress.ts'
import { decodeSegment } from './request-target.ts'

/** What a path asks for. Keys and scopes are decoded; services, handlers and ids are as they stand in the path. */
export type IngressRoute =
  | InvokeRoute
  | { readonly kind: 'result-by-id'; readonly operation: ResultOperation; readonly id: string }
  | { readonly kind: 'result-by-idempotency-key'; readonly operation: ResultOperation; readonly target: KeyedTarget }
  | {
      readonly kind: 'result-by-workflow'
      readonly operation: ResultOperation
      readonly name: string
      readonly key: string
    }
  | { readonly kind: 'by-target-body'; readonly operation: ResultOperation | 'lookup' }
  | { readonly kind: 'awakeable'; readonly operation: 'resolve' | 'reject'; readonly id: string }
  | { readonly kind: 'health' }
  | { readonly kind: 'openapi' }

/** A call or a send of a handler. */
export interface InvokeRoute {
  readonly kind: 'invoke'
  readonly mode: 'call' | 'send'
  readonly scope: string | undefined
  readonly service: string
  /** `undefined` for plain services, and only for them; may be empty. */
  readonly key: string | undefined
  readonly handler: string
}

export type ResultOperation = 'attach' | 'output'

/** An invocation named by the idempotency key that it was called with. */
export interface KeyedTarget {
  readonly service: string
  readonly key: string | undefined
  readonly handler: string
  readonly idempotencyKey: string
}

/** Tells the type of a registered service: whether a path has a key depends on it. */
export type ServiceTypeOf = (service: string) => ServiceType | undefined

// The shortest path is /service/handler, the longest /restate/scope/s/call/object/key/handler.
const minSlashes = 2
const maxSlashes = 7

/**
 * Finds the route of a normalised path, without regard to the method. Throws `IngressBadPath` (400),
 * `IngressNotFound` or `IngressServiceNotFound` (404). The order of the checks is the peer's
 * (Restate 1.7.12, ingress): what is known of a service is asked for before the rest of its path is looked at.
 */
export function parsePath(path: string, serviceTypeOf: ServiceTypeOf): IngressRoute {
  // The peer keeps the name free, and answers 400.
  if (path === '/openapi') return { kind: 'openapi' }
  const segments = path.split('/')
  const slashes = segments.length - 1
  if (slashes < minSlashes || slashes > maxSlashes) {
    throw new IngressBadPath(`${path} is no path of ingress: call a handler at /{service}/{handler}`)
  }
  const first = segments[1] ?? ''
  switch (first) {
    case 'restate':
      return parseRestatePath(segments, serviceTypeOf)
    case 'openapi':
      throw notFound()
    default:
      return parsePlainInvoke(segments, first, serviceTypeOf)
  }
}

function parsePlainInvoke(segments: readonly string[], service: string, serviceTypeOf: ServiceTypeOf): InvokeRoute {
  const keyed = isKeyed(service, serviceTypeOf)
  const key = keyed ? decodeKey(segments[2]) : undefined
  const at = keyed ? 3 : 2
  const handler = segments[at]
  const last = segments[at + 1]
  if (handler === undefined || (last !== undefined && last !== 'send') || segments.length > at + 2) {
    throw new IngressBadPath(
      keyed
        ? `${service} has keys: expected /${service}/{key}/{handler}, with /send behind it to send`
        : `expected /${service}/{handler}, with /send behind it to send; ${service} has no keys`,
    )
  }
  return { kind: 'invoke', mode: last === 'send' ? 'send' : 'call', scope: undefined, service, key, handler }
}

function parseRestatePath(segments: readonly string[], serviceTypeOf: ServiceTypeOf): IngressRoute {
  const verb = segments[2]
  switch (verb) {
    case 'call':
    case 'send':
      return parseInvoke(verb, segments, 3, undefined, serviceTypeOf)
    case 'scope': {
      const scope = segments[3]
      const mode = segments[4]
      if (scope === undefined || (mode !== 'call' && mode !== 'send')) throw badInvokePath('/restate/scope/{scope}')
      return parseInvoke(mode, segments, 5, decodeSegment(scope, 'the scope'), serviceTypeOf)
    }
    case 'attach':
    case 'output': {
      const id = segments[3]
      if (id === undefined) return { kind: 'by-target-body', operation: verb }
      if (segments.length > 4) throw new IngressBadPath(`expected /restate/${verb}/{invocationId}, and nothing behind`)
      return { kind: 'result-by-id', operation: verb, id }
    }
    case 'lookup':
      if (segments.length > 3) throw new IngressBadPath('expected /restate/lookup, and nothing behind')
      return { kind: 'by-target-body', operation: 'lookup' }
    case 'invocation':
      return parseOldInvocationPath(segments, serviceTypeOf)
    case 'workflow':
      return parseWorkflowPath(segments)
    case 'awakeables':
    case 'a':
      return parseAwakeablePath(segments)
    case 'health':
      return { kind: 'health' }
    default:
      throw notFound()
  }
}

/** `{service}[/{key}]/{handler}` from segment `at` to the end. */
function parseInvoke(
  mode: 'call' | 'send',
  segments: readonly string[],
  at: number,
  scope: string | undefined,
  serviceTypeOf: ServiceTypeOf,
): InvokeRoute {
  const prefix = scope === undefined ? `/restate/${mode}` : `/restate/scope/{scope}/${mode}`
  const service = segments[at]
  if (service === undefined) throw badInvokePath(prefix)
  const keyed = isKeyed(service, serviceTypeOf)
  const key = keyed ? decodeKey(segments[at + 1]) : undefined
  const handlerAt = keyed ? at + 2 : at + 1
  const handler = segments[handlerAt]
  if (handler === undefined || segments.length > handlerAt + 1) {
    throw new IngressBadPath(`expected ${prefix}/${service}${keyed ? '/{key}' : ''}/{handler}, and nothing behind`)
  }
  return { kind: 'invoke', mode, scope, service, key, handler }
}

/** `/restate/invocation/{id}/{operation}` or `/restate/invocation/{service}[/{key}]/{handler}/{idempotencyKey}/{operation}`. */
function parseOldInvocationPath(segments: readonly string[], serviceTypeOf: ServiceTypeOf): IngressRoute {
  const [, , , first, second, third] = segments
  if (first === undefined || second === undefined) throw badInvocationPath()
  if (third === undefined) return { kind: 'result-by-id', operation: operationOf(second), id: first }

  const keyed = isKeyed(first, serviceTypeOf)
  const key = keyed ? decodeSegment(second, 'the key') : undefined
  const at = keyed ? 5 : 4
  const handler = segments[at]
  const idempotencyKey = segments[at + 1]
  const operation = segments[at + 2]
  if (handler === undefined || idempotencyKey === undefined || operation === undefined) throw badInvocationPath()
  return {
    kind: 'result-by-idempotency-key',
    operation: operationOf(operation),
    // The idempotency key is compared as it stands in the path; one with a slash needs the POST form.
    target: { service: first, key, handler, idempotencyKey },
  }
}

function parseWorkflowPath(segments: readonly string[]): IngressRoute {
  const [, , , name, key, operation] = segments
  if (name === undefined || key === undefined) throw badWorkflowPath()
  const decodedKey = decodeSegment(key, 'the key')
  if (operation === undefined) throw badWorkflowPath()
  return { kind: 'result-by-workflow', operation: operationOf(operation), name, key: decodedKey }
}

function parseAwakeablePath(segments: readonly string[]): IngressRoute {
  const [, , , id, operation] = segments
  if (id === undefined || operation === undefined) {
    throw new IngressBadPath('expected /restate/awakeables/{id}/resolve or /restate/awakeables/{id}/reject')
  }
  if (operation !== 'resolve' && operation !== 'reject') throw notFound()
  return { kind: 'awakeable', operation, id }
}

function operationOf(segment: string): ResultOperation {
  if (segment !== 'attach' && segment !== 'output') throw notFound()
  return segment
}

function isKeyed(service: string, serviceTypeOf: ServiceTypeOf): boolean {
  const type = serviceTypeOf(service)
  if (type === undefined) {
    throw new IngressServiceNotFound(`there is no service '${service}': register the deployment that has it first`)
  }
  return type !== 'Service'
}

function decodeKey(segment: string | undefined): string | undefined {
  return segment === undefined ? undefined : decodeSegment(segment, 'the key')
}

function notFound(): Error {
  return new IngressNotFound('there is nothing at this path')
}

function badInvokePath(prefix: string): Error {
  return new IngressBadPath(`expected ${prefix}/{service}/{handler} or ${prefix}/{object}/{key}/{handler}`)
}

function badInvocationPath(): Error {
  return new IngressBadPath(
    'expected /restate/invocation/{invocationId}/{attach or output} ' +
      'or /restate/invocation/{service}[/{key}]/{handler}/{idempotencyKey}/{attach or output}',
  )
}

function badWorkflowPath(): Error {
  return new IngressBadPath('expected /restate/workflow/{name}/{key}/{attach or output}')
}
