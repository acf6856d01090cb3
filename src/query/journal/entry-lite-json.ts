import type { JournalEntry, NotificationKey, NotificationResult } from '../../core/journal.ts'
import { type DecodedCommand, decodeCommand } from './decode-command.ts'
import { attachTargetJson, type CalleeLookup, calleeId, callTargetJson, signalJson } from './entry-json.ts'
import { entryTypeWord } from './entry-type-name.ts'

/** The column `entry_lite_json`: the entry without what may be large, and results as one word. */
export function entryLiteJson(entry: JournalEntry, chunk: readonly JournalEntry[], callees: CalleeLookup): string {
  switch (entry.kind) {
    case 'input':
      return JSON.stringify({ Command: { Input: {} } })
    case 'command': {
      const decoded = decodeCommand(entry)
      const body =
        decoded === undefined ? {} : { ...liteCommand(decoded, chunk, callees), ...named(decoded.message.name) }
      return JSON.stringify({ Command: { [entryTypeWord(entry)]: body } })
    }
    case 'notification': {
      const ty = entry.key.kind === 'completion' ? { Completion: entryTypeWord(entry) } : 'Signal'
      return JSON.stringify({ Notification: { ty, id: notificationId(entry.key), result: resultWord(entry.result) } })
    }
  }
}

function liteCommand(
  { type, message }: DecodedCommand,
  chunk: readonly JournalEntry[],
  callees: CalleeLookup,
): Record<string, unknown> {
  switch (type) {
    case 'Output':
      return { result: resultWord(message.result) }
    case 'Run':
    case 'GetLazyStateKeys':
      return { completion_id: message.resultCompletionId }
    case 'Sleep':
      return { wake_up_time: message.wakeUpTime, completion_id: message.resultCompletionId }
    case 'Call':
      return {
        invocation_id: calleeId(message, chunk) ?? '',
        invocation_target: callTargetJson(message, callees),
        invocation_id_completion_id: message.invocationIdNotificationIdx,
        result_completion_id: message.resultCompletionId,
      }
    case 'OneWayCall':
      return {
        invocation_id: calleeId(message, chunk) ?? '',
        invocation_target: callTargetJson(message, callees),
        invoke_time: message.invokeTime,
        invocation_id_completion_id: message.invocationIdNotificationIdx,
      }
    case 'CompleteAwakeable':
      return { id: message.awakeableId, result: resultWord(message.result) }
    case 'SendSignal':
      return {
        target_invocation_id: message.targetInvocationId,
        signal_id: signalJson(message.signal),
        result: resultWord(message.result),
      }
    case 'AttachInvocation':
    case 'GetInvocationOutput':
      return { target: attachTargetJson(message.target), completion_id: message.resultCompletionId }
    case 'SetState':
    case 'ClearState':
      return { key: text(message.key) }
    case 'GetLazyState':
      return { key: text(message.key), completion_id: message.resultCompletionId }
    case 'GetEagerState':
      return { key: text(message.key), result: resultWord(message.result) }
    case 'GetPromise':
    case 'PeekPromise':
    case 'CompletePromise':
      return { key: message.key, completion_id: message.resultCompletionId }
    case 'ClearAllState':
    case 'GetEagerStateKeys':
      return {}
  }
}

function named(name: string) {
  return name === '' ? {} : { name }
}

function notificationId(key: NotificationKey) {
  switch (key.kind) {
    case 'completion':
      return { CompletionId: key.id }
    case 'signal':
      return { SignalIndex: key.index }
    case 'named-signal':
      return { SignalName: key.name }
  }
}

const RESULT_WORDS: Readonly<Record<NotificationResult['kind'], string>> = {
  value: 'Success',
  failure: 'Failure',
  void: 'Void',
  'invocation-id': 'InvocationId',
  'state-keys': 'StateKeys',
}

function resultWord({ kind }: { readonly kind: NotificationResult['kind'] }): string {
  return RESULT_WORDS[kind]
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
