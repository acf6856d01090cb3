import { MessageType } from '../../src/protocol/message-type.ts'
import { encodeAttachInvocation } from '../../src/protocol/messages/attach-invocation.ts'
import { encodeCall } from '../../src/protocol/messages/call.ts'
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
import { encodeInput } from '../../src/protocol/messages/input.ts'
import { encodeNotification } from '../../src/protocol/messages/notification.ts'
import { encodeOneWayCall } from '../../src/protocol/messages/one-way-call.ts'
import { encodeOutput } from '../../src/protocol/messages/output.ts'
import { encodePeekPromise } from '../../src/protocol/messages/peek-promise.ts'
import { encodeRun } from '../../src/protocol/messages/run.ts'
import { encodeSendSignal } from '../../src/protocol/messages/send-signal.ts'
import { encodeSetState } from '../../src/protocol/messages/set-state.ts'
import { encodeSleep } from '../../src/protocol/messages/sleep.ts'
import {
  bytes,
  callee,
  failure,
  named,
  noOptions,
  referenceCallee,
  referenceFailure,
  type Specimen,
  specimen,
  value,
} from './specimen.ts'

/** Commands, and one notification; the others are generated. */
export const entrySpecimens: readonly Specimen[] = [
  specimen(
    MessageType.Input,
    encodeInput,
    'headers and an empty body',
    {
      headers: [
        ['n', 'v'],
        ['', ''],
      ],
      value: Buffer.alloc(0),
      name: '',
    },
    { headers: [{ key: 'n', value: 'v' }, {}], value: {} },
  ),
  specimen(
    MessageType.Output,
    encodeOutput,
    'value',
    { result: value, name: 'out' },
    { result: { case: 'value', value: { content: value.value } }, name: 'out' },
  ),
  specimen(
    MessageType.Output,
    encodeOutput,
    'failure',
    { result: failure, name: '' },
    { result: { case: 'failure', value: referenceFailure } },
  ),
  specimen(
    MessageType.GetLazyState,
    encodeGetLazyState,
    'key',
    { key: bytes('k'), ...named },
    { key: bytes('k'), ...named },
  ),
  specimen(
    MessageType.SetState,
    encodeSetState,
    'key and value',
    { key: bytes('k'), value: bytes('v'), name: 'n' },
    { key: bytes('k'), value: { content: bytes('v') }, name: 'n' },
  ),
  specimen(
    MessageType.ClearState,
    encodeClearState,
    'key',
    { key: bytes('k'), name: 'n' },
    { key: bytes('k'), name: 'n' },
  ),
  specimen(MessageType.ClearAllState, encodeClearAllState, 'name', { name: 'n' }, { name: 'n' }),
  specimen(MessageType.GetLazyStateKeys, encodeGetLazyStateKeys, 'id', named, named),
  specimen(
    MessageType.GetEagerState,
    encodeGetEagerState,
    'void',
    { key: bytes('k'), result: { kind: 'void' }, name: 'n' },
    { key: bytes('k'), result: { case: 'void', value: {} }, name: 'n' },
  ),
  specimen(
    MessageType.GetEagerState,
    encodeGetEagerState,
    'value',
    { key: bytes('k'), result: value, name: '' },
    { key: bytes('k'), result: { case: 'value', value: { content: value.value } } },
  ),
  specimen(
    MessageType.GetEagerStateKeys,
    encodeGetEagerStateKeys,
    'keys',
    { keys: [bytes('a'), bytes(''), bytes('b')], name: 'n' },
    { value: { keys: [bytes('a'), bytes(''), bytes('b')] }, name: 'n' },
  ),
  specimen(MessageType.GetPromise, encodeGetPromise, 'key', { key: 'p', ...named }, { key: 'p', ...named }),
  specimen(MessageType.PeekPromise, encodePeekPromise, 'key', { key: 'p', ...named }, { key: 'p', ...named }),
  specimen(
    MessageType.CompletePromise,
    encodeCompletePromise,
    'value',
    { key: 'p', completion: value, ...named },
    { key: 'p', completion: { case: 'completionValue', value: { content: value.value } }, ...named },
  ),
  specimen(
    MessageType.CompletePromise,
    encodeCompletePromise,
    'failure',
    { key: 'p', completion: failure, ...named },
    { key: 'p', completion: { case: 'completionFailure', value: referenceFailure }, ...named },
  ),
  specimen(
    MessageType.Sleep,
    encodeSleep,
    'time',
    { wakeUpTime: 1_795_282_395_427, ...named },
    { wakeUpTime: 1_795_282_395_427n, ...named },
  ),
  specimen(
    MessageType.Call,
    encodeCall,
    'plain',
    { ...callee, ...noOptions, ...named },
    { ...referenceCallee, ...named },
  ),
  specimen(
    MessageType.Call,
    encodeCall,
    'all options',
    { ...callee, idempotencyKey: '', scope: 's', limitKey: 'l', ...named },
    { ...referenceCallee, idempotencyKey: '', scope: 's', limitKey: 'l', ...named },
  ),
  specimen(
    MessageType.OneWayCall,
    encodeOneWayCall,
    'delayed',
    { ...callee, invokeTime: 1_795_282_395_427, idempotencyKey: 'i', scope: 's', limitKey: 'l', name: 'n' },
    { ...referenceCallee, invokeTime: 1_795_282_395_427n, idempotencyKey: 'i', scope: 's', limitKey: 'l', name: 'n' },
  ),
  specimen(
    MessageType.SendSignal,
    encodeSendSignal,
    'cancel',
    { targetInvocationId: 'inv_1x', signal: { kind: 'signal', index: 1 }, result: { kind: 'void' }, name: 'n' },
    {
      targetInvocationId: 'inv_1x',
      signal: { case: 'idx', value: 1 },
      result: { case: 'void', value: {} },
      entryName: 'n',
    },
  ),
  specimen(
    MessageType.SendSignal,
    encodeSendSignal,
    'named, failure',
    { targetInvocationId: 'inv_1x', signal: { kind: 'named-signal', name: 'go' }, result: failure, name: '' },
    {
      targetInvocationId: 'inv_1x',
      signal: { case: 'name', value: 'go' },
      result: { case: 'failure', value: referenceFailure },
    },
  ),
  specimen(MessageType.Run, encodeRun, 'name', named, named),
  specimen(
    MessageType.AttachInvocation,
    encodeAttachInvocation,
    'by id',
    { target: { kind: 'invocation-id', invocationId: 'inv_1x' }, ...named },
    { target: { case: 'invocationId', value: 'inv_1x' }, ...named },
  ),
  specimen(
    MessageType.AttachInvocation,
    encodeAttachInvocation,
    'by idempotency key',
    {
      target: {
        kind: 'idempotent-request',
        serviceName: 'S',
        serviceKey: '',
        handlerName: 'h',
        idempotencyKey: 'i',
        scope: undefined,
      },
      ...named,
    },
    {
      target: {
        case: 'idempotentRequestTarget',
        value: { serviceName: 'S', serviceKey: '', handlerName: 'h', idempotencyKey: 'i' },
      },
      ...named,
    },
  ),
  specimen(
    MessageType.GetInvocationOutput,
    encodeGetInvocationOutput,
    'by workflow',
    { target: { kind: 'workflow', workflowName: 'W', workflowKey: 'k', scope: 'sc' }, ...named },
    { target: { case: 'workflowTarget', value: { workflowName: 'W', workflowKey: 'k', scope: 'sc' } }, ...named },
  ),
  specimen(
    MessageType.CompleteAwakeable,
    encodeCompleteAwakeable,
    'value',
    { awakeableId: 'sign_1x', result: value, name: 'n' },
    { awakeableId: 'sign_1x', result: { case: 'value', value: { content: value.value } }, name: 'n' },
  ),
  specimen(
    MessageType.CompleteAwakeable,
    encodeCompleteAwakeable,
    'failure',
    { awakeableId: 'sign_1x', result: failure, name: '' },
    { awakeableId: 'sign_1x', result: { case: 'failure', value: referenceFailure } },
  ),
  specimen(
    MessageType.Signal,
    encodeNotification,
    'named',
    { type: MessageType.Signal, key: { kind: 'named-signal', name: 'go' }, result: value },
    { id: { case: 'signalName', value: 'go' }, result: { case: 'value', value: { content: value.value } } },
  ),
]
