import t from 'tap'
import type { InvocationTarget } from '../../src/core/invocation.ts'
import { commandReaders } from '../../src/invoker/commands/command-readers.ts'
import type { Frame } from '../../src/protocol/frame.ts'
import { MessageType, messageTypeName } from '../../src/protocol/message-type.ts'
import { encodeAttachInvocation } from '../../src/protocol/messages/attach-invocation.ts'
import { encodeCall } from '../../src/protocol/messages/call.ts'
import { encodeCompleteAwakeable } from '../../src/protocol/messages/complete-awakeable.ts'
import { encodeGetInvocationOutput } from '../../src/protocol/messages/get-invocation-output.ts'
import { encodeOneWayCall } from '../../src/protocol/messages/one-way-call.ts'
import { encodeSendSignal } from '../../src/protocol/messages/send-signal.ts'
import type { InvocationTarget as WireTarget } from '../../src/protocol/values/invocation-target.ts'
import { CommandRig } from './command-rig.ts'
import { textOf } from './recording-host.ts'
import { counterTarget, flowTarget, greeterTarget, invocation, runPayload } from './samples.ts'

const other = invocation().id
const nothing = Buffer.alloc(0)
const sharedTarget = { ...counterTarget, handler: 'get', handlerType: 'Shared' } as const
const sharedFlowTarget = { ...flowTarget, handler: 'signal', handlerType: 'Shared' } as const
const common = { parameter: nothing, headers: [], invocationIdNotificationIdx: 1, name: '' }

const call = (more: object): Frame => ({
  type: MessageType.Call,
  payload: encodeCall({
    ...common,
    serviceName: 'Greeter',
    handlerName: 'greet',
    key: '',
    resultCompletionId: 2,
    ...more,
  }),
})

const send = (more: object): Frame => ({
  type: MessageType.OneWayCall,
  payload: encodeOneWayCall({
    ...common,
    serviceName: 'Greeter',
    handlerName: 'greet',
    key: '',
    invokeTime: 0,
    ...more,
  }),
})

const attach = (target: WireTarget): Frame => ({
  type: MessageType.AttachInvocation,
  payload: encodeAttachInvocation({ target, resultCompletionId: 1, name: '' }),
})

const output = (target: WireTarget): Frame => ({
  type: MessageType.GetInvocationOutput,
  payload: encodeGetInvocationOutput({ target, resultCompletionId: 1, name: '' }),
})

const awakeable = (awakeableId: string): Frame => ({
  type: MessageType.CompleteAwakeable,
  payload: encodeCompleteAwakeable({ awakeableId, result: { kind: 'value', value: nothing }, name: '' }),
})

const signal = (targetInvocationId: string): Frame => ({
  type: MessageType.SendSignal,
  payload: encodeSendSignal({
    targetInvocationId,
    signal: { kind: 'signal', index: 1 },
    result: { kind: 'void' },
    name: '',
  }),
})

const byKey = (more: object): WireTarget => ({
  kind: 'idempotent-request',
  serviceName: 'Greeter',
  handlerName: 'greet',
  idempotencyKey: 'k',
  ...more,
})
const workflow = (more: object): WireTarget => ({ kind: 'workflow', workflowName: 'Flow', workflowKey: 'w', ...more })
const byId = (invocationId: string): WireTarget => ({ kind: 'invocation-id', invocationId })

interface Row {
  readonly name: string
  readonly target: InvocationTarget
  readonly frame: Frame
  readonly code: string
  readonly message: RegExp
}

const stateTypes = [
  MessageType.GetLazyState,
  MessageType.GetLazyStateKeys,
  MessageType.GetEagerState,
  MessageType.GetEagerStateKeys,
  MessageType.SetState,
  MessageType.ClearState,
  MessageType.ClearAllState,
]
const promiseTypes = [MessageType.GetPromise, MessageType.PeekPromise, MessageType.CompletePromise]
const writeTypes = [MessageType.SetState, MessageType.ClearState, MessageType.ClearAllState]

function wrongPlace(types: readonly number[], target: InvocationTarget, message: RegExp): Row[] {
  return types.map((type) => ({
    name: `${messageTypeName(type)} in ${target.service}/${target.handler}`,
    target,
    frame: { type, payload: nothing },
    code: 'RT0017',
    message,
  }))
}

/** Refused whatever kind of handler it comes from. */
function bad(name: string, frame: Frame, code: string, message: RegExp): Row {
  return { name, target: flowTarget, frame, code, message }
}

const rows: readonly Row[] = [
  ...wrongPlace(stateTypes, greeterTarget, /doesn't have state access/),
  ...wrongPlace(writeTypes, sharedTarget, /cannot write state/),
  ...wrongPlace(writeTypes, sharedFlowTarget, /cannot write state/),
  ...wrongPlace(promiseTypes, greeterTarget, /only Workflow/),
  ...wrongPlace(promiseTypes, counterTarget, /only Workflow/),
  bad('a call to an unknown service', call({ serviceName: 'Nobody' }), 'RT0018', /Nobody\/greet was not found/),
  bad('a call to an unknown handler', call({ handlerName: 'nothing' }), 'RT0018', /Greeter\/nothing was not found/),
  bad('a send to an unknown handler', send({ handlerName: 'nothing' }), 'RT0018', /Greeter\/nothing was not found/),
  bad('a call with a key to a plain service', call({ key: 'k' }), 'RT0017', /a key was provided/),
  bad('a send with a key to a plain service', send({ key: 'k' }), 'RT0017', /a key was provided/),
  bad('a call with an empty idempotency key', call({ idempotencyKey: '' }), 'RT0017', /idempotency key .* empty/),
  bad('a send with an empty idempotency key', send({ idempotencyKey: '' }), 'RT0017', /idempotency key .* empty/),
  bad('a call with a scope', call({ scope: 's' }), 'RT0024', /flow control/),
  bad('a call with an empty scope', call({ scope: '' }), 'RT0024', /flow control/),
  bad('a call with a limit key', call({ limitKey: 'l' }), 'RT0024', /flow control/),
  bad('a send with a scope', send({ scope: 's' }), 'RT0024', /flow control/),
  bad('a send with a limit key', send({ limitKey: 'l' }), 'RT0024', /flow control/),
  bad('an attach to no id', attach(byId('hello')), 'RT0017', /bad invocation id 'hello': bad format/),
  bad('an attach to an empty id', attach(byId('')), 'RT0017', /bad length/),
  bad('an attach to an id that is cut', attach(byId(other.slice(0, -1))), 'RT0017', /bad length/),
  bad('an attach to an awakeable', attach(byId(`sign_1${'A'.repeat(38)}`)), 'RT0017', /expected type/),
  bad('an output of no id', output(byId('hello')), 'RT0017', /bad invocation id 'hello': bad format/),
  bad('an output of no digits', output(byId(`inv_1${'-'.repeat(33)}`)), 'RT0017', /base62/),
  bad('an attach by an empty key', attach(byKey({ idempotencyKey: '' })), 'RT0017', /idempotency key .* empty/),
  bad('an output by an empty key', output(byKey({ idempotencyKey: '' })), 'RT0017', /idempotency key .* empty/),
  bad('an attach with a scope', attach(byKey({ scope: 's' })), 'RT0024', /flow control/),
  bad('an output of a workflow with a scope', output(workflow({ scope: 's' })), 'RT0024', /flow control/),
  bad('an awakeable of no id', awakeable('hello'), 'RT0012', /bad awakeable id 'hello'/),
  bad('an awakeable of an old protocol', awakeable(`prom_1${'A'.repeat(38)}`), 'RT0012', /bad awakeable id/),
  bad('an awakeable that is an invocation', awakeable(other), 'RT0012', /bad awakeable id/),
  bad('a signal to nobody', signal(''), 'RT0012', /target of a signal/),
  bad('a signal to an awakeable', signal(`sign_1${'A'.repeat(38)}`), 'RT0012', /target of a signal/),
]

// Field 12 with bytes that are no text; a tag that is cut off; a submessage that is longer than the message.
const garbage = ['6202c328', '80', '0a7f01', '720501']
// These have something that must be there.
const incomplete: readonly number[] = [
  MessageType.Output,
  MessageType.SetState,
  MessageType.GetEagerState,
  MessageType.GetEagerStateKeys,
  MessageType.CompletePromise,
  MessageType.SendSignal,
  MessageType.AttachInvocation,
  MessageType.GetInvocationOutput,
  MessageType.CompleteAwakeable,
]

const stateCommands: ReadonlySet<number> = new Set(stateTypes)

/** Where the command is allowed. */
function placeOf(type: number): InvocationTarget {
  return stateCommands.has(type) ? counterTarget : flowTarget
}

const run: Frame = { type: MessageType.Run, payload: runPayload }
const finish: Frame = { type: MessageType.End, payload: nothing }

for (const protocolMode of ['BIDI_STREAM', 'REQUEST_RESPONSE'] as const) {
  t.test(`commands that are refused, ${protocolMode}`, async (t) => {
    await using rig = await CommandRig.start({ deployment: { protocolMode } })
    for (const { name, target, frame, code, message } of rows) {
      // What came before is stored; nothing behind it is, and the command itself is not.
      const commands = await rig.send(target, [run, frame, run, finish], 2)
      t.same(commands.map(textOf), ['append run', `fail 500 ${code} retry`], name)
      const [, last] = commands
      if (last?.type !== 'fail-attempt') throw new Error(name)
      t.match(last.failure, { message, relatedCommandIndex: 2, relatedCommandType: frame.type }, name)
    }
  })

  t.test(`commands that cannot be read, ${protocolMode}`, async (t) => {
    await using rig = await CommandRig.start({ deployment: { protocolMode } })
    for (const type of commandReaders.keys()) {
      const payloads = garbage.map((hex) => Buffer.from(hex, 'hex'))
      if (incomplete.includes(type)) payloads.push(nothing)
      for (const payload of payloads) {
        const title = `${messageTypeName(type)} ${payload.toString('hex')}`
        const commands = await rig.send(placeOf(type), [{ type, payload }, finish], 1)
        t.same(commands.map(textOf), ['fail 500 RT0012 retry'], title)
        const [only] = commands
        if (only?.type !== 'fail-attempt') throw new Error(title)
        t.match(only.failure.message, /^malformed /, title)
      }
    }
  })
}
