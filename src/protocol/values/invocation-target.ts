import type { WireReader } from '../wire-reader.ts'
import type { WireWriter } from '../wire-writer.ts'

/** Which invocation is meant, by AttachInvocation and GetInvocationOutput. */
export type InvocationTarget =
  | { readonly kind: 'invocation-id'; readonly invocationId: string }
  | IdempotentRequestTarget
  | WorkflowTarget

export interface IdempotentRequestTarget {
  readonly kind: 'idempotent-request'
  readonly serviceName: string
  /** Absent for plain services. */
  readonly serviceKey?: string | undefined
  readonly handlerName: string
  readonly idempotencyKey: string
  /** Protocol V7. */
  readonly scope?: string | undefined
}

export interface WorkflowTarget {
  readonly kind: 'workflow'
  readonly workflowName: string
  readonly workflowKey: string
  /** Protocol V7. */
  readonly scope?: string | undefined
}

export function writeInvocationTarget(writer: WireWriter, target: InvocationTarget): void {
  switch (target.kind) {
    case 'invocation-id':
      writer.optionalString(1, target.invocationId)
      return
    case 'idempotent-request': {
      const mark = writer.beginMessage(3)
      writer.string(1, target.serviceName)
      writer.optionalString(2, target.serviceKey)
      writer.string(3, target.handlerName)
      writer.string(4, target.idempotencyKey)
      writer.optionalString(5, target.scope)
      writer.endMessage(mark)
      return
    }
    case 'workflow': {
      const mark = writer.beginMessage(4)
      writer.string(1, target.workflowName)
      writer.string(2, target.workflowKey)
      writer.optionalString(3, target.scope)
      writer.endMessage(mark)
    }
  }
}

export function readIdempotentRequestTarget(parent: WireReader): IdempotentRequestTarget {
  const reader = parent.message('IdempotentRequestTarget')
  let serviceName = ''
  let serviceKey: string | undefined
  let handlerName = ''
  let idempotencyKey = ''
  let scope: string | undefined
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        serviceName = reader.string()
        break
      case 2:
        serviceKey = reader.string()
        break
      case 3:
        handlerName = reader.string()
        break
      case 4:
        idempotencyKey = reader.string()
        break
      case 5:
        scope = reader.string()
        break
      default:
        reader.skip()
    }
  }
  return { kind: 'idempotent-request', serviceName, serviceKey, handlerName, idempotencyKey, scope }
}

export function readWorkflowTarget(parent: WireReader): WorkflowTarget {
  const reader = parent.message('WorkflowTarget')
  let workflowName = ''
  let workflowKey = ''
  let scope: string | undefined
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        workflowName = reader.string()
        break
      case 2:
        workflowKey = reader.string()
        break
      case 3:
        scope = reader.string()
        break
      default:
        reader.skip()
    }
  }
  return { kind: 'workflow', workflowName, workflowKey, scope }
}
