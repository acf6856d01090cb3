import { CommandRefused } from '../../errors/invoker.ts'
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
