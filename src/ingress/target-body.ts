import type { InvocationId } from '../core/ids.ts'
import { IngressBadTarget } from '../errors/ingress.ts'
import { checkedInvocationId, idOfIdempotentInvocation, idOfWorkflowRun } from './invocation-ids.ts'
import { refuseScope } from './scope.ts'

/** Targets name one invocation; more than this has no place in one. */
export const maxTargetBodyBytes = 1024 * 1024

/**
 * The invocation that the JSON body of attach, output or lookup names:
 * `{"target":"invocation","invocationId"}`, `{"target":"workflow","workflowName","workflowKey"}` or
 * `{"target":"idempotentInvocation","service","key"?,"handler","idempotencyKey"}`. Other fields are ignored. Throws
 * `IngressBadTarget`, `IngressBadScope` or `BadId`.
 */
export function parseTargetBody(body: Uint8Array): InvocationId {
  const fields = parseObject(body)
  const scope = optionalText(fields, 'scope')
  const target = text(fields, 'target')
  switch (target) {
    case 'invocation':
      return checkedInvocationId(text(fields, 'invocationId'))
    case 'workflow': {
      const name = text(fields, 'workflowName')
      const key = text(fields, 'workflowKey')
      if (scope !== undefined) refuseScope(scope)
      return idOfWorkflowRun(name, key)
    }
    case 'idempotentInvocation': {
      const invocation = {
        service: text(fields, 'service'),
        key: optionalText(fields, 'key'),
        handler: text(fields, 'handler'),
        idempotencyKey: text(fields, 'idempotencyKey'),
      }
      if (scope !== undefined) refuseScope(scope)
      return idOfIdempotentInvocation(invocation)
    }
    default:
      throw new IngressBadTarget(
        `bad target ${JSON.stringify(target.slice(0, 100))}: expected invocation, workflow or idempotentInvocation`,
      )
  }
}

type Fields = Readonly<Record<string, unknown>>

function parseObject(body: Uint8Array): Fields {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'))
  } catch (error) {
    throw new IngressBadTarget('bad target: the body is not JSON', { cause: error })
  }
  if (!isObject(value)) throw new IngressBadTarget('bad target: the body is not a JSON object')
  return value
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(fields: Fields, name: string): string {
  const value = optionalText(fields, name)
  if (value === undefined) throw new IngressBadTarget(`bad target: the field ${name} is missing`)
  return value
}

function optionalText(fields: Fields, name: string): string | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw new IngressBadTarget(`bad target: the field ${name} is not a string`)
  return value
}
