import { CommandUnsupported } from '../../errors/invoker.ts'
import { messageTypeName } from '../../protocol/message-type.ts'
import type { CommandContext, CommandReader } from './command-context.ts'

/**
 * A command that is part of the protocol but that the core cannot carry out yet. What would be wrong with it
 * anyway is said first.
 */
export function unsupported(type: number, precondition?: (context: CommandContext) => void): CommandReader {
  return (_payload, context) => {
    precondition?.(context)
    throw new CommandUnsupported(`the command ${messageTypeName(type)} is not supported by this version of Perdure`)
  }
}
