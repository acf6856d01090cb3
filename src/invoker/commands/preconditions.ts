import { CommandRefused, FlowControlMissing } from '../../errors/invoker.ts'
import type { CommandContext } from './command-context.ts'

/** @throws CommandRefused in plain services, which have no state. */
export function requireState({ invocation }: CommandContext): void {
  if (invocation.target.serviceType === 'Service') {
    throw new CommandRefused("unsupported entry type, this service type doesn't have state access")
  }
}

/** @throws CommandRefused where state can be read at most. */
export function requireWritableState(context: CommandContext): void {
  requireState(context)
  if (context.invocation.target.handlerType === 'Shared') {
    throw new CommandRefused('unsupported entry type, this handler type cannot write state')
  }
}

/** @throws CommandRefused outside workflows, which alone have promises. */
export function requireWorkflow({ invocation }: CommandContext): void {
  if (invocation.target.serviceType !== 'Workflow') {
    throw new CommandRefused('unsupported entry type, only Workflow services support it')
  }
}

/** @throws CommandRefused for a key that is given and empty: it would make all such requests one. */
export function requireIdempotencyKey(idempotencyKey: string | undefined): void {
  if (idempotencyKey === '') throw new CommandRefused('the idempotency key provided in the request is empty')
}

/** @throws FlowControlMissing for any scope or limit key, also an empty one. */
export function requireNoFlowControl(scope: string | undefined, limitKey?: string): void {
  if (scope === undefined && limitKey === undefined) return
  throw new FlowControlMissing('scopes and limit keys need flow control, which this server does not have')
}
