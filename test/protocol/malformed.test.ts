import fc from 'fast-check'
import t from 'tap'
import { PerdureError } from '../../src/errors/perdure-error.ts'
import { FutureTooDeep, ProtocolMalformed } from '../../src/errors/protocol.ts'
import { FrameDecoder } from '../../src/protocol/frame.ts'
import { MessageType, messageTypeName } from '../../src/protocol/message-type.ts'
import { decodeAwaitingOn } from '../../src/protocol/messages/awaiting-on.ts'
import { decodeNotification } from '../../src/protocol/messages/notification.ts'
import { decodeSuspension, encodeSuspension } from '../../src/protocol/messages/suspension.ts'
import type { Future } from '../../src/protocol/values/future.ts'
import { codecOf } from './codecs.ts'

const { Start, Suspension, ProposeRunCompletion, Input, Output, SetState, GetEagerState, GetEagerStateKeys } =
  MessageType
const { CompletePromise, Sleep, Call, OneWayCall, SendSignal, Run, AttachInvocation, GetInvocationOutput } = MessageType
const { CompleteAwakeable, RunCompletion, SleepCompletion, Signal, CallInvocationIdCompletion, AwaitingOn } =
  MessageType

const broken: readonly (readonly [title: string, type: number, payloadHex: string, message: RegExp])[] = [
  ['tag cut off', Call, '8a', /cut off/],
  ['value missing behind its tag', Run, '58', /cut off/],
  ['varint cut off', Run, '58ff', /cut off/],
  ['varint of eleven bytes', Run, '58ffffffffffffffffffff01', /more than 64 bits/],
  ['varint of 65 bits', Run, '58ffffffffffffffffff02', /more than 64 bits/],
  ['64-bit varint of eleven bytes', Sleep, '08ffffffffffffffffffff01', /more than 64 bits/],
  ['64-bit varint of 65 bits', Sleep, '08ffffffffffffffffff03', /more than 64 bits/],
  ['seed of eleven bytes', Start, '48ffffffffffffffffffff01', /more than 64 bits/],
  ['length past the end', Call, '0a05616263', /needs 5 bytes, 3 are left/],
  ['length of 2^32, which must not be taken for 0', Call, '0a8080808010', /needs 4294967296 bytes/],
  ['length of eleven bytes', Call, '0affffffffffffffffffff01', /more than 64 bits/],
  ['length missing', Call, '0a', /cut off/],
  [
    'submessage longer than its parent',
    Input,
    '0a040a056162',
    /Input.Header message: field 1 needs 5 bytes, 2 are left/,
  ],
  ['submessage cut off inside', Output, '72020a05', /needs 5 bytes, 0 are left/],
  ['string with wire type varint', Call, '0801', /field 1 has wire type 0, expected 2/],
  ['number with wire type bytes', Run, '5a0101', /field 11 has wire type 2, expected 0/],
  ['number with wire type fixed32', Run, '5d01000000', /field 11 has wire type 5, expected 0/],
  ['number with wire type fixed64', Sleep, '090100000000000000', /field 1 has wire type 1, expected 0/],
  ['value with wire type varint', SetState, '0a016b1801', /field 3 has wire type 0, expected 2/],
  ['packed list with wire type fixed32', Suspension, '0d01000000', /field 1 has wire type 5/],
  ['packed list that is cut off', Suspension, '0a0201ff', /cut off/],
  ['packed varint that runs past its list', Suspension, '0a01ff1001', /cut off|packed/],
  ['group start', Call, '9b0601', /wire type 3/],
  ['group end', Call, '9c06', /wire type 4/],
  ['wire type 6', Call, '9e06', /wire type 6/],
  ['wire type 7', Call, '9f06', /wire type 7/],
  ['field number 0', Call, '00', /field number 0/],
  ['field number 0 with a long tag', Call, '8000', /field number 0/],
  ['tag of six bytes', Call, '8a808080800100', /more than 32 bits/],
  ['tag of 33 bits', Call, '8a8080801000', /more than 32 bits/],
  ['unknown fixed64 cut off', Call, 'd90601', /needs 8 bytes/],
  ['unknown fixed32 cut off', Call, 'dd0601', /needs 4 bytes/],
  ['unknown bytes cut off', Call, 'da06ff01', /needs 255 bytes/],
  ['service name that is not UTF-8', Call, '0a02c328', /not UTF-8/],
  ['header name that is not UTF-8', OneWayCall, '2a040a02c328', /OneWayCall.Header message: field 1 is not UTF-8/],
  ['proposal without result', ProposeRunCompletion, '0802', /no result/],
  ['input without value', Input, '', /no value/],
  ['output without result', Output, '', /no result/],
  ['state write without value', SetState, '0a016b', /no value/],
  ['eager state without result', GetEagerState, '0a016b', /no result/],
  ['eager state keys without keys', GetEagerStateKeys, '', /no keys/],
  ['promise completion without result', CompletePromise, '0a0170', /no completion/],
  ['signal without its id', SendSignal, '0a05696e765f312200', /no signal/],
  ['signal without result', SendSignal, '0a05696e765f311001', /no result/],
  ['attach without target', AttachInvocation, '5801', /no target/],
  ['output query without target', GetInvocationOutput, '5801', /no target/],
  ['awakeable without result', CompleteAwakeable, '0a0178', /no result/],
  ['empty suspension', Suspension, '', /waits for nothing/],
  ['suspension with only unknown fields', Suspension, '3801', /waits for nothing/],
  ['notification without id', RunCompletion, '2a00', /no id/],
  ['notification without result', RunCompletion, '0801', /no result/],
  ['notification with a result of another kind', SleepCompletion, '08012a00', /result of kind value/],
  ['completion with a signal id', RunCompletion, '10012a00', /id of kind signal/],
  ['signal with a completion id', Signal, '08012200', /id of kind completion/],
  ['notification with a bad invocation id', CallInvocationIdCompletion, '0801820103666f6f', /no invocation id/],
  ['void that is broken inside', Signal, '100122010a', /cut off/],
  ['future that is broken inside', AwaitingOn, '0a020a05', /AwaitingOn.Future message: field 1 needs 5 bytes/],
]

t.test('broken payloads are refused with the typed error', (t) => {
  for (const [title, type, hex, message] of broken) {
    const expected = { code: 'PERDURE_ERR_PROTOCOL_MALFORMED', restateCode: 'RT0012', message }
    t.throws(() => codecOf(type).decode(Buffer.from(hex, 'hex')), expected, `${messageTypeName(type)}: ${title}`)
  }
  t.throws(() => decodeNotification(0x8001, Buffer.from('08012200', 'hex')), ProtocolMalformed)
  t.end()
})

t.test('no input makes a decoder throw anything else, or hang', (t) => {
  for (const type of Object.values(MessageType)) {
    t.doesNotThrow(() => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
          try {
            codecOf(type).decode(bytes)
          } catch (error) {
            if (!(error instanceof PerdureError)) throw error
          }
        }),
        { numRuns: 300 },
      )
    }, messageTypeName(type))
  }
  t.end()
})

t.test('a real message that is cut anywhere is refused or is shorter by whole fields', (t) => {
  const payload = Buffer.from('0a02636f120268691a0378797a22060a01611201622a016b50045805620161', 'hex')
  const whole = codecOf(Call).reencode(payload)
  t.ok(whole.equals(payload))
  for (let length = 0; length < payload.length; length++) {
    const cut = payload.subarray(0, length)
    let again: Buffer | undefined
    try {
      again = codecOf(Call).reencode(cut)
    } catch (error) {
      if (!(error instanceof ProtocolMalformed)) throw error
    }
    if (again !== undefined && !again.equals(cut)) t.fail(`cut at ${length}: ${again.toString('hex')}`)
  }
  t.end()
})

t.test('frames: garbage is either a frame or too large, and the decoder ends', (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
        const decoder = new FrameDecoder(64)
        let bytes = 0
        try {
          for (const chunk of chunks) {
            decoder.push(Buffer.from(chunk), (_type, _flags, payload) => {
              bytes += 8 + payload.length
            })
          }
          return bytes + decoder.pendingBytes === chunks.reduce((sum, chunk) => sum + chunk.length, 0)
        } catch (error) {
          return error instanceof PerdureError && error.code === 'PERDURE_ERR_PROTOCOL_MESSAGE_TOO_LARGE'
        }
      }),
    ),
  )
  t.end()
})

function nested(depth: number): Future {
  const leaf = {
    waitingCompletions: [1],
    waitingSignals: [],
    waitingNamedSignals: [],
    combinator: 'first-completed',
  } as const
  let future: Future = { ...leaf, nestedFutures: [] }
  for (let level = 1; level < depth; level++) future = { ...leaf, nestedFutures: [future] }
  return future
}

t.test('attack 38: the depth of futures: the limit passes, one more does not', (t) => {
  const encode = (depth: number) =>
    encodeSuspension({
      waitingCompletions: [],
      waitingSignals: [],
      waitingNamedSignals: [],
      awaitingOn: nested(depth),
    })
  t.doesNotThrow(() => decodeSuspension(encode(1000)))
  t.throws(() => decodeSuspension(encode(1001)), {
    code: 'PERDURE_ERR_PROTOCOL_FUTURE_TOO_DEEP',
    restateCode: 'RT0025',
  })
  t.doesNotThrow(() => decodeSuspension(encode(3), 3))
  t.throws(() => decodeSuspension(encode(4), 3), FutureTooDeep)
  t.throws(() => decodeAwaitingOn(Buffer.from('0a0422022200', 'hex'), 2), FutureTooDeep)
  t.end()
})

t.test('numbers of enums that do not exist yet are read as the harmless one', (t) => {
  t.match(codecOf(MessageType.Error).decode(Buffer.from('4863', 'hex')), { behavior: 'retry' })
  t.match(decodeSuspension(Buffer.from('22022863', 'hex')), { awaitingOn: { combinator: 'unknown' } })
  t.end()
})
