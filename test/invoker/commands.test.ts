import t from 'tap'
import type { SdkCommand } from '../../src/core/commands/command.ts'
import { EntryType } from '../../src/core/entry-type.ts'
import type { InvocationTarget } from '../../src/core/invocation.ts'
import { formatAwakeableId, idempotentInvocationId, parseInvocationId, workflowRunId } from '../../src/protocol/ids.ts'
import { MessageType, messageTypeName } from '../../src/protocol/message-type.ts'
import { encodeAttachInvocation } from '../../src/protocol/messages/attach-invocation.ts'
import { encodeClearAllState } from '../../src/protocol/messages/clear-all-state.ts'
import { encodeClearState } from '../../src/protocol/messages/clear-state.ts'
import { encodeCompleteAwakeable } from '../../src/protocol/messages/complete-awakeable.ts'
import { encodeCompletePromise } from '../../src/protocol/messages/complete-promise.ts'
import { encodeGetEagerState } from '../../src/protocol/messages/get-eager-state.ts'
import { encodeGetEagerStateKeys } from '../../src/protocol/messages/get-eager-state-keys.ts'
import { encodeGetInvocationOutput } from '../../src/protocol/messages/get-invocation-output.ts'
import { encodeGetLazyState } from '../../src/protocol/messages/get-lazy-state.ts'
import { encodeGetLazyStateKeys } from '../../src/protocol/messages/get-lazy-state-keys.ts'
import { encodeGetPromise } from '../../src/protocol/messages/get-promise.ts'
import { encodePeekPromise } from '../../src/protocol/messages/peek-promise.ts'
import { encodeSendSignal } from '../../src/protocol/messages/send-signal.ts'
import { encodeSetState } from '../../src/protocol/messages/set-state.ts'
import { CommandRig } from './command-rig.ts'
import { counterTarget, flowTarget, greeterTarget, invocation } from './samples.ts'

const bytes = (text: string): Buffer => Buffer.from(text)
const value = (text: string) => ({ kind: 'value', value: bytes(text) }) as const
const failure = (code: number) => ({ kind: 'failure', failure: { code, message: 'no' } }) as const
const sharedTarget = { ...counterTarget, handler: 'get', handlerType: 'Shared' } as const
const other = invocation().id
const name = 'entry'

interface Row {
  readonly target: InvocationTarget
  readonly type: number
  readonly payload: Uint8Array
  readonly entry: SdkCommand
}

const rows: readonly Row[] = [
  {
    target: counterTarget,
    type: MessageType.GetLazyState,
    payload: encodeGetLazyState({ key: Buffer.of(0, 0xff), resultCompletionId: 7, name }),
    entry: { kind: 'get-state', completionId: 7, key: Buffer.of(0, 0xff) },
  },
  {
    target: sharedTarget,
    type: MessageType.GetLazyStateKeys,
    payload: encodeGetLazyStateKeys({ resultCompletionId: 8, name }),
    entry: { kind: 'get-state-keys', completionId: 8 },
  },
  {
    target: sharedTarget,
    type: MessageType.GetEagerState,
    payload: encodeGetEagerState({ key: bytes('count'), result: { kind: 'void' }, name }),
    entry: { kind: 'record', entryType: EntryType.GetEagerState },
  },
  {
    target: flowTarget,
    type: MessageType.GetEagerStateKeys,
    payload: encodeGetEagerStateKeys({ keys: [bytes('a')], name }),
    entry: { kind: 'record', entryType: EntryType.GetEagerStateKeys },
  },
  {
    target: counterTarget,
    type: MessageType.SetState,
    payload: encodeSetState({ key: bytes('count'), value: bytes('42'), name }),
    entry: { kind: 'set-state', key: bytes('count'), value: bytes('42') },
  },
  {
    target: flowTarget,
    type: MessageType.SetState,
    payload: encodeSetState({ key: bytes(''), value: bytes(''), name }),
    entry: { kind: 'set-state', key: bytes(''), value: bytes('') },
  },
  {
    target: counterTarget,
    type: MessageType.ClearState,
    payload: encodeClearState({ key: bytes('count'), name }),
    entry: { kind: 'clear-state', key: bytes('count') },
  },
  {
    target: flowTarget,
    type: MessageType.ClearAllState,
    payload: encodeClearAllState({ name }),
    entry: { kind: 'clear-all-state' },
  },
  {
    target: flowTarget,
    type: MessageType.GetPromise,
    payload: encodeGetPromise({ key: 'done', resultCompletionId: 3, name }),
    entry: { kind: 'get-promise', completionId: 3, name: 'done' },
  },
  {
    target: { ...flowTarget, handler: 'signal', handlerType: 'Shared' },
    type: MessageType.PeekPromise,
    payload: encodePeekPromise({ key: 'done', resultCompletionId: 4, name }),
    entry: { kind: 'peek-promise', completionId: 4, name: 'done' },
  },
  {
    target: { ...flowTarget, handler: 'signal', handlerType: 'Shared' },
    type: MessageType.CompletePromise,
    payload: encodeCompletePromise({ key: 'done', completion: value('1'), resultCompletionId: 5, name }),
    entry: { kind: 'complete-promise', completionId: 5, name: 'done', result: value('1') },
  },
  {
    target: flowTarget,
    type: MessageType.CompletePromise,
    payload: encodeCompletePromise({ key: '', completion: failure(70_000), resultCompletionId: 6, name }),
    entry: { kind: 'complete-promise', completionId: 6, name: '', result: failure(500) },
  },
  {
    target: greeterTarget,
    type: MessageType.AttachInvocation,
    payload: encodeAttachInvocation({
      target: { kind: 'invocation-id', invocationId: other },
      resultCompletionId: 1,
      name,
    }),
    entry: { kind: 'attach', completionId: 1, target: other },
  },
  {
    target: greeterTarget,
    type: MessageType.AttachInvocation,
    payload: encodeAttachInvocation({
      target: { kind: 'workflow', workflowName: 'Flow', workflowKey: 'w9' },
      resultCompletionId: 2,
      name,
    }),
    entry: { kind: 'attach', completionId: 2, target: workflowRunId('Flow', 'w9') },
  },
  {
    target: greeterTarget,
    type: MessageType.GetInvocationOutput,
    payload: encodeGetInvocationOutput({
      target: {
        kind: 'idempotent-request',
        serviceName: 'Greeter',
        handlerName: 'greet',
        idempotencyKey: 'once',
      },
      resultCompletionId: 3,
      name,
    }),
    entry: {
      kind: 'get-output',
      completionId: 3,
      target: idempotentInvocationId({
        service: 'Greeter',
        key: undefined,
        handler: 'greet',
        idempotencyKey: 'once',
      }),
    },
  },
  {
    target: greeterTarget,
    type: MessageType.GetInvocationOutput,
    payload: encodeGetInvocationOutput({
      target: {
        kind: 'idempotent-request',
        serviceName: 'Counter',
        serviceKey: '',
        handlerName: 'add',
        idempotencyKey: 'once',
      },
      resultCompletionId: 4,
      name,
    }),
    entry: {
      kind: 'get-output',
      completionId: 4,
      target: idempotentInvocationId({ service: 'Counter', key: '', handler: 'add', idempotencyKey: 'once' }),
    },
  },
  {
    target: greeterTarget,
    type: MessageType.GetInvocationOutput,
    payload: encodeGetInvocationOutput({
      target: { kind: 'invocation-id', invocationId: other },
      resultCompletionId: 5,
      name,
    }),
    entry: { kind: 'get-output', completionId: 5, target: other },
  },
  {
    target: greeterTarget,
    type: MessageType.CompleteAwakeable,
    payload: encodeCompleteAwakeable({
      awakeableId: formatAwakeableId(parseInvocationId(other), 17),
      result: value('yes'),
      name,
    }),
    entry: {
      kind: 'send-signal',
      entryType: EntryType.CompleteAwakeable,
      signal: { target: other, key: { kind: 'signal', index: 17 }, result: value('yes') },
    },
  },
  {
    target: greeterTarget,
    type: MessageType.CompleteAwakeable,
    payload: encodeCompleteAwakeable({
      awakeableId: formatAwakeableId(parseInvocationId(other), 0xffffffff),
      result: failure(65_536),
      name,
    }),
    entry: {
      kind: 'send-signal',
      entryType: EntryType.CompleteAwakeable,
      signal: { target: other, key: { kind: 'signal', index: 0xffffffff }, result: failure(500) },
    },
  },
  {
    target: greeterTarget,
    type: MessageType.SendSignal,
    payload: encodeSendSignal({
      targetInvocationId: other,
      signal: { kind: 'signal', index: 1 },
      result: { kind: 'void' },
      name,
    }),
    entry: {
      kind: 'send-signal',
      entryType: EntryType.SendSignal,
      signal: { target: other, key: { kind: 'signal', index: 1 }, result: { kind: 'void' } },
    },
  },
  {
    target: greeterTarget,
    type: MessageType.SendSignal,
    payload: encodeSendSignal({
      targetInvocationId: other,
      signal: { kind: 'named-signal', name: '' },
      result: value(''),
      name,
    }),
    entry: {
      kind: 'send-signal',
      entryType: EntryType.SendSignal,
      signal: { target: other, key: { kind: 'named-signal', name: '' }, result: value('') },
    },
  },
  {
    target: greeterTarget,
    type: MessageType.SendSignal,
    payload: encodeSendSignal({
      targetInvocationId: other,
      signal: { kind: 'named-signal', name: 'go' },
      result: failure(99_999),
      name,
    }),
    entry: {
      kind: 'send-signal',
      entryType: EntryType.SendSignal,
      signal: { target: other, key: { kind: 'named-signal', name: 'go' }, result: failure(500) },
    },
  },
]

/** All byte strings in a command. */
function bytesIn(part: unknown): Uint8Array[] {
  if (part instanceof Uint8Array) return [part]
  return typeof part === 'object' && part !== null ? Object.values(part).flatMap(bytesIn) : []
}

for (const protocolMode of ['BIDI_STREAM', 'REQUEST_RESPONSE'] as const) {
  t.test(`what commands mean, ${protocolMode}`, async (t) => {
    await using rig = await CommandRig.start({ deployment: { protocolMode } })
    for (const { target, type, payload, entry } of rows) {
      const [command] = await rig.send(target, [{ type, payload }], 1)
      const title = `${messageTypeName(type)} ${JSON.stringify(entry).slice(0, 100)}`
      if (command?.type !== 'append-entry') throw new Error(`${title}: ${JSON.stringify(command)}`)
      t.same(command.entry, entry, title)
      t.same(command.payload, payload)
      for (const part of bytesIn(command.entry)) {
        if (part.length > 0) t.equal(part.buffer, command.payload.buffer, `${title}: bytes are views`)
      }
    }
  })
}
