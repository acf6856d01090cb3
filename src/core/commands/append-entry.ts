import { appendCall } from '../entries/call.ts'
import { appendOneWayCall } from '../entries/one-way-call.ts'
import { appendOutput } from '../entries/output.ts'
import { appendRecord } from '../entries/record.ts'
import { appendRun } from '../entries/run.ts'
import { appendSleep } from '../entries/sleep.ts'
import { pin } from '../lifecycle/pin.ts'
import type { Turn } from '../turn.ts'
import type { AppendEntry } from './command.ts'

/** Stores a command of the handler and does what it asks for, in one step. */
export function appendEntry(turn: Turn, command: AppendEntry): void {
  const invocation = turn.state.get(command.seq)
  if (invocation?.status !== 'invoked') return
  pin(turn, invocation, command.deployment)
  const { entry, payload } = command
  switch (entry.kind) {
    case 'record':
      appendRecord(turn, invocation, payload, entry.entryType)
      break
    case 'output':
      appendOutput(turn, invocation, payload, entry.result)
      break
    case 'run':
      appendRun(turn, invocation, payload)
      break
    case 'sleep':
      appendSleep(turn, invocation, payload, entry)
      break
    case 'call':
      appendCall(turn, invocation, payload, entry)
      break
    case 'one-way-call':
      appendOneWayCall(turn, invocation, payload, entry)
      break
    default:
      unreachable(entry)
  }
}

function unreachable(entry: never): never {
  throw new Error(`invariant: unknown entry ${JSON.stringify(entry)}`)
}
