import type { InvocationTarget, NewInvocation } from '../../core/invocation.ts'
import type { Header } from '../../core/journal.ts'
import { retentionOf } from '../../core/retention-policy.ts'
import { CalleeNotFound, CommandRefused } from '../../errors/invoker.ts'
import type { CommandContext } from './command-context.ts'
import { requireIdempotencyKey, requireNoFlowControl } from './preconditions.ts'

/** What Call and OneWayCall have in common. */
export interface CallArguments {
  readonly serviceName: string
  readonly handlerName: string
  readonly parameter: Uint8Array
  readonly headers: readonly Header[]
  /** Empty for plain services; may be empty for the others. */
  readonly key: string
  readonly idempotencyKey?: string | undefined
  readonly scope?: string | undefined
  readonly limitKey?: string | undefined
}

/**
 * The invocation that a call creates, on the latest revision of the service that it names.
 *
 * @throws CalleeNotFound for a service or handler that is not registered, CommandRefused for a key or an
 * idempotency key that the callee cannot have, FlowControlMissing for a scope or a limit key.
 */
export function calleeOf(
  call: CallArguments,
  executionTime: number | undefined,
  context: CommandContext,
): NewInvocation {
  const { serviceName, handlerName, idempotencyKey } = call
  requireNoFlowControl(call.scope, call.limitKey)
  const resolved = context.schema.handler(serviceName, handlerName)
  if (resolved === undefined) {
    throw new CalleeNotFound(
      `the service handler ${serviceName}/${handlerName} was not found. The call is retried until it is registered`,
    )
  }
  const { service, handler } = resolved
  if (service.type === 'Service' && call.key !== '') {
    throw new CommandRefused(
      `a key was provided, but the callee '${serviceName}' is a Service. Only VirtualObjects or Workflows accept a key`,
    )
  }
  requireIdempotencyKey(idempotencyKey)
  const target: InvocationTarget = {
    service: serviceName,
    serviceType: service.type,
    key: service.type === 'Service' ? undefined : call.key,
    handler: handlerName,
    handlerType: handler.type,
  }
  const caller = context.invocation
  return {
    id: context.idFor(target, idempotencyKey),
    target,
    source: { kind: 'service', caller: caller.id, callerTarget: targetText(caller.target) },
    headers: call.headers,
    body: call.parameter,
    idempotencyKey,
    executionTime,
    // Everything else has an id that can be made again, and may exist.
    ...(idempotencyKey === undefined && handler.type !== 'Workflow' ? { fresh: true } : {}),
    ...retentionOf(service, handler, idempotencyKey !== undefined, context.retention),
  }
}

/** `Service/handler` or `Object/key/handler`, as operators read it. */
function targetText({ service, key, handler }: InvocationTarget): string {
  return key === undefined ? `${service}/${handler}` : `${service}/${key}/${handler}`
}
