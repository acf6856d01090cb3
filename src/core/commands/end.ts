import { complete } from '../lifecycle/complete.ts'
import type { Turn } from '../turn.ts'
import type { End } from './command.ts'

/** The handler is done: its last Output is the result. The invoker lets no End pass that has none before it. */
export function end(turn: Turn, command: End): void {
  const invocation = turn.state.get(command.seq)
  if (invocation?.status !== 'invoked') return
  if (invocation.output === undefined) throw new Error('invariant: End follows an Output')
  complete(turn, invocation, undefined)
}
