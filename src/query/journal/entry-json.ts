import { randomUUID } from 'node:crypto'
import type { ServiceType } from '../../core/deployment.ts'
import type { Header, JournalEntry, NotificationKey, NotificationResult } from '../../core/journal.ts'
import type { CallMessage } from '../../protocol/messages/call.ts'
import type { OneWayCallMessage } from '../../protocol/messages/one-way-call.ts'
import type { InvocationTarget } from '../../protocol/values/invocation-target.ts'
import { type DecodedCommand, decodeCommand } from './decode-command.ts'
import { entryTypeWord } from './entry-type-name.ts'

/** What the peer shows of a callee that a Call command itself does not say. */
export interface CalleeLookup {
  serviceType(service: string): ServiceType | undefined
  retention(invocationId: string): CalleeRetention | undefined
}

export interface CalleeRetention {
  readonly completionMs: number
  readonly journalMs: number
}

/** The column `entry_json`: the entry as the peer writes it, bytes as arrays of numbers. */
export function entryJson(entry: JournalEntry, chunk: readonly JournalEntry[], callees: CalleeLookup): string {
  const json = JSON.stringify(fullEntry(entry, chunk, callees))
  const payloads = payloadsOfEntry.splice(0)
  return json.replaceAll(placeholder, (found, place: string) => {
    const payload = payloads[Number(place)]
    return payload === undefined ? found : `[${payload.join(',')}]`
  })
}

/**
 * Payloads may be large, and an array of their numbers is eight times as large: a mark stands for them until the text is there. Nobody outside
 * knows the mark.
 */
const mark = randomUUID()
const placeholder = new RegExp(`"${mark}:(\\d+)"`, 'g')
const payloadsOfEntry: Uint8Array[] = []

function fullEntry(entry: JournalEntry, chunk: readonly JournalEntry[], callees: CalleeLookup): unknown {
  switch (entry.kind) {
    case 'input':
      return command('Input', { headers: headersJson(entry.headers), payload: bytesJson(entry.body), name: '' })
    case 'command': {
      const decoded = decodeCommand(entry)
      if (decoded === undefined) return command(entryTypeWord(entry), {})
      return command(decoded.type, { ...commandJson(decoded, chunk, callees), name: decoded.message.name })
    }
    case 'notification': {
      const { key, result } = entry
      if (key.kind === 'completion') {
        const body = { completion_id: key.id, ...completionJson(result, entryTypeWord(entry)) }
        return { Notification: { Completion: { [entryTypeWord(entry)]: body } } }
      }
      return { Notification: { Signal: { id: signalJson(key), result: resultJson(result) } } }
    }
  }
}

function command(type: string, body: unknown): unknown {
  return { Command: { [type]: body } }
}

function commandJson(
  decoded: DecodedCommand,
  chunk: readonly JournalEntry[],
  callees: CalleeLookup,
): Record<string, unknown> {
  const { type, message } = decoded
  switch (type) {
    case 'Output':
      return { result: resultJson(message.result) }
    case 'Run':
    case 'GetLazyStateKeys':
      return { completion_id: message.resultCompletionId }
    case 'Sleep':
      return { wake_up_time: message.wakeUpTime, completion_id: message.resultCompletionId }
    case 'Call':
      return {
        request: requestJson(message, chunk, callees),
        invocation_id_completion_id: message.invocationIdNotificationIdx,
        result_completion_id: message.resultCompletionId,
      }
    case 'OneWayCall':
      return {
        request: requestJson(message, chunk, callees),
        invoke_time: message.invokeTime,
        invocation_id_completion_id: message.invocationIdNotificationIdx,
      }
    case 'CompleteAwakeable':
      return { id: message.awakeableId, result: resultJson(message.result) }
    case 'SendSignal':
      return {
        target_invocation_id: message.targetInvocationId,
        signal_id: signalJson(message.signal),
        result: resultJson(message.result),
      }
    case 'AttachInvocation':
    case 'GetInvocationOutput':
      return { target: attachTargetJson(message.target), completion_id: message.resultCompletionId }
    case 'SetState':
      return { key: textJson(message.key), value: bytesJson(message.value) }
    case 'ClearState':
      return { key: textJson(message.key) }
    case 'ClearAllState':
      return {}
    case 'GetLazyState':
      return { key: textJson(message.key), completion_id: message.resultCompletionId }
    case 'GetEagerState':
      return { key: textJson(message.key), result: resultJson(message.result) }
    case 'GetEagerStateKeys':
      return { state_keys: message.keys.map(textJson) }
    case 'GetPromise':
    case 'PeekPromise':
      return { key: message.key, completion_id: message.resultCompletionId }
    case 'CompletePromise':
      return { key: message.key, value: resultJson(message.completion), completion_id: message.resultCompletionId }
  }
}

/** Completions of a Sleep say nothing more; that of a Call's id and of state keys have a field of their own. */
function completionJson(result: NotificationResult, word: string): Record<string, unknown> {
  switch (result.kind) {
    case 'invocation-id':
      return { invocation_id: result.invocationId }
    case 'state-keys':
      return { state_keys: result.keys.map(textJson) }
    default:
      return word === 'Sleep' ? {} : { result: resultJson(result) }
  }
}

const NO_TRACE = {
  span_context: {
    trace_id: Array<number>(16).fill(0),
    span_id: Array<number>(8).fill(0),
    trace_flags: 0,
    is_remote: false,
    trace_state: '',
  },
  cause: null,
}

function requestJson(message: CallMessage | OneWayCallMessage, chunk: readonly JournalEntry[], callees: CalleeLookup) {
  const invocationId = calleeId(message, chunk)
  const retention = invocationId === undefined ? undefined : callees.retention(invocationId)
  return {
    invocation_id: invocationId ?? '',
    invocation_target: callTargetJson(message, callees),
    span_context: NO_TRACE,
    parameter: bytesJson(message.parameter),
    headers: headersJson(message.headers),
    idempotency_key: message.idempotencyKey ?? null,
    completion_retention_duration: durationJson(retention?.completionMs ?? 0),
    journal_retention_duration: durationJson(retention?.journalMs ?? 0),
  }
}

/** The id is told by a notification that became durable together with the command, so it is in the same chunk. */
export function calleeId(
  { invocationIdNotificationIdx }: CallMessage | OneWayCallMessage,
  chunk: readonly JournalEntry[],
): string | undefined {
  for (const entry of chunk) {
    if (entry.kind !== 'notification' || entry.result.kind !== 'invocation-id') continue
    if (entry.key.kind === 'completion' && entry.key.id === invocationIdNotificationIdx)
      return entry.result.invocationId
  }
  return undefined
}

export function callTargetJson(
  { serviceName, handlerName, key }: CallMessage | OneWayCallMessage,
  callees: CalleeLookup,
) {
  const type = callees.serviceType(serviceName) ?? (key === '' ? 'Service' : 'VirtualObject')
  const named = { name: serviceName, ...(type !== 'Service' && { key }), handler: handlerName }
  if (type === 'Service') return { Service: { ...named, scope: null } }
  return { [type]: { ...named, handler_ty: type === 'Workflow' ? 'Workflow' : 'Exclusive', scope: null } }
}

export function attachTargetJson(target: InvocationTarget): unknown {
  switch (target.kind) {
    case 'invocation-id':
      return { InvocationId: target.invocationId }
    case 'workflow':
      return { Workflow: { service_name: target.workflowName, key: target.workflowKey } }
    case 'idempotent-request':
      return {
        IdempotencyId: {
          service_name: target.serviceName,
          service_key: target.serviceKey ?? null,
          service_handler: target.handlerName,
          idempotency_key: target.idempotencyKey,
        },
      }
  }
}

export function signalJson(key: Exclude<NotificationKey, { kind: 'completion' }>) {
  return key.kind === 'signal' ? { Index: key.index } : { Name: key.name }
}

function resultJson(result: NotificationResult): unknown {
  switch (result.kind) {
    case 'value':
      return { Success: bytesJson(result.value) }
    case 'failure': {
      const { code, message, metadata = [] } = result.failure
      return { Failure: { code, message, ...(metadata.length > 0 && { metadata: headersJson(metadata) }) } }
    }
    case 'void':
      return 'Void'
    case 'invocation-id':
      return { InvocationId: result.invocationId }
    case 'state-keys':
      return { StateKeys: result.keys.map(textJson) }
  }
}

function headersJson(headers: readonly Header[]) {
  return headers.map(([name, value]) => ({ name, value }))
}

function bytesJson(bytes: Uint8Array): string {
  payloadsOfEntry.push(bytes)
  return `${mark}:${payloadsOfEntry.length - 1}`
}

function textJson(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

function durationJson(ms: number) {
  return { secs: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 }
}
