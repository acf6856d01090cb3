import type { OperationOutcome } from './commands/command.ts'
import type { Effect } from './effects.ts'
import type { Event } from './events.ts'
import { evolve } from './evolve.ts'
import type { PartitionState } from './state.ts'

/** One command being decided: events apply to the state as they are emitted, so that later steps see them. */
export class Turn {
  readonly state: PartitionState
  readonly now: number
  readonly events: Event[] = []
  readonly effects: Effect[] = []
  /** How an operation ended; the other commands have no outcome. */
  outcome: OperationOutcome | undefined

  constructor(state: PartitionState, now: number) {
    this.state = state
    this.now = now
  }

  emit(event: Event): void {
    evolve(this.state, event)
    this.events.push(event)
  }

  effect(effect: Effect): void {
    this.effects.push(effect)
  }
}
