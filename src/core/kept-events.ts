import type { InvocationEvent } from './invocation.ts'
import type { AwaitedFuture } from './journal.ts'

/** Events of one invocation that are kept; older ones give way. */
const MAX_EVENTS = 100
/** Suspensions among them: one that suspends all the time must not push out why its attempts failed. */
const MAX_SUSPENSIONS = 20
/** What they wait for in all. A handler says how much that is, and all of it is in memory and in one row of the store. */
const MAX_SUSPENSION_WEIGHT = 16 * 1024

type Suspension = Extract<InvocationEvent, { readonly kind: 'suspended' }>

/** Adds an event to those of an invocation. A suspension that waits for more than may be kept is left out. */
export function keepEvent(events: InvocationEvent[], event: InvocationEvent): void {
  if (event.kind === 'suspended') {
    const weight = weightOf(event)
    if (weight > MAX_SUSPENSION_WEIGHT) return
    makeRoomForSuspension(events, MAX_SUSPENSION_WEIGHT - weight)
  }
  if (events.length >= MAX_EVENTS) events.shift()
  events.push(event)
}

/** Of those that are there, the newest stay that have room. */
function makeRoomForSuspension(events: InvocationEvent[], room: number): void {
  let count = 1
  let rest = room
  for (let index = events.length - 1; index >= 0; index -= 1) {
    const event = events[index]
    if (event?.kind !== 'suspended') continue
    count += 1
    rest -= weightOf(event)
    if (count > MAX_SUSPENSIONS || rest < 0) events.splice(index, 1)
  }
}

function weightOf({ awaiting }: Suspension): number {
  const { completions, signals, namedSignals, future } = awaiting
  const flat = completions.length + signals.length + lengthOf(namedSignals)
  return flat + (future === undefined ? 0 : treeWeight(future))
}

function treeWeight(future: AwaitedFuture): number {
  const { waitingCompletions, waitingSignals, waitingNamedSignals, nestedFutures } = future
  const own = 1 + waitingCompletions.length + waitingSignals.length + lengthOf(waitingNamedSignals)
  return nestedFutures.reduce((sum, nested) => sum + treeWeight(nested), own)
}

function lengthOf(names: readonly string[]): number {
  return names.reduce((sum, name) => sum + 1 + name.length, 0)
}
