import { createOrFind } from '../lifecycle/create.ts'
import type { Turn } from '../turn.ts'
import type { Invoke } from './command.ts'

/** A request from ingress. Body, headers and delay of a repeated one are ignored: the first counts. */
export function invoke(turn: Turn, command: Invoke): void {
  createOrFind(turn, command.invocation, undefined)
}
