import type { SdkCommand } from '../../core/commands/command.ts'
import type { InvocationId } from '../../core/ids.ts'
import type { Invocation, InvocationTarget } from '../../core/invocation.ts'
import type { RetentionDefaults } from '../../core/retention-policy.ts'
import type { Schema } from '../../core/schema.ts'

/** What reading a command may need beside its bytes. */
export interface CommandContext {
  /** The invocation that sends the command. */
  readonly invocation: Invocation
  readonly schema: Schema
  readonly retention: RetentionDefaults
  /** The id of a new invocation: derived for workflow runs and idempotency keys, random for others. */
  readonly idFor: (target: InvocationTarget, idempotencyKey: string | undefined) => InvocationId
}

/**
 * Turns the payload of one command into what the core stores and acts on. Throws a catalogued error when the
 * command cannot be carried out; nothing of it is stored then. Byte values in the answer are views onto the payload.
 * `now` is ms since epoch.
 */
export type CommandReader = (payload: Uint8Array, context: CommandContext, now: number) => SdkCommand
