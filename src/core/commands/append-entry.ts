import { attach, getOutput } from '../entries/attach.ts'
import { appendCall } from '../entries/call.ts'
import { changeState } from '../entries/change-state.ts'
import { getState, getStateKeys } from '../entries/get-state.ts'
import { appendOneWayCall } from '../entries/one-way-call.ts'
import { appendOutput } from '../entries/output.ts'
import { completePromise, getPromise, peekPromise } from '../entries/promise.ts'
import { appendRecord } from '../entries/record.ts'
import { appendRun } from '../entries/run.ts'
import { sendSignal } from '../entries/send-signal.ts'
import { appendSleep } from '../entries/sleep.ts'
import { EntryType } from '../entry-type.ts'
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
      appendRun(turn, invocation, payload, entry.completionId)
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
    case 'get-state':
      getState(turn, invocation, payload, entry)
      break
    case 'get-state-keys':
      getStateKeys(turn, invocation, payload, entry.completionId)
      break
    case 'set-state':
      changeState(turn, invocation, payload, EntryType.SetState, { kind: 'set', key: entry.key, value: entry.value })
      break
    case 'clear-state':
      changeState(turn, invocation, payload, EntryType.ClearState, { kind: 'clear', key: entry.key })
      break
    case 'clear-all-state':
      changeState(turn, invocation, payload, EntryType.ClearAllState, { kind: 'clear-all' })
      break
    case 'get-promise':
      getPromise(turn, invocation, payload, entry)
      break
    case 'peek-promise':
      peekPromise(turn, invocation, payload, entry)
      break
    case 'complete-promise':
      completePromise(turn, invocation, payload, entry)
      break
    case 'attach':
      attach(turn, invocation, payload, entry)
      break
    case 'get-output':
      getOutput(turn, invocation, payload, entry)
      break
    case 'send-signal':
      sendSignal(turn, invocation, payload, entry.entryType, entry.signal)
      break
    default:
      unreachable(entry)
  }
}

function unreachable(entry: never): never {
  throw new Error(`invariant: unknown entry ${JSON.stringify(entry)}`)
}
