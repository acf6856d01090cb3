import { create, type DescField, type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf'
import fc from 'fast-check'
import t from 'tap'
import { ProtocolMalformed } from '../../src/errors/protocol.ts'
import { formatInvocationId } from '../../src/protocol/ids.ts'
import { MessageType, messageTypeName } from '../../src/protocol/message-type.ts'
import { decodeNotification, encodeNotification, isNotificationType } from '../../src/protocol/messages/notification.ts'
import { codecOf } from './codecs.ts'
import { controlSpecimens } from './control-specimens.ts'
import { entrySpecimens } from './entry-specimens.ts'
import { referenceMessage } from './reference-schema.ts'

type Init = Record<string, unknown>

function referenceBytes(name: string, init: Init): Buffer {
  const description = referenceMessage(name)
  return Buffer.from(toBinary(description, create(description, init)))
}

t.test('each message in the bytes of an independent library', (t) => {
  const untested = new Set<number>(Object.values(MessageType).filter((type) => !isNotificationType(type)))
  for (const { type, title, message, encoded, reference } of [...controlSpecimens, ...entrySpecimens]) {
    untested.delete(type)
    const name = `${messageTypeName(type)}: ${title}`
    const expected = referenceBytes(isNotificationType(type) ? 'Notification' : messageTypeName(type), reference)
    t.equal(encoded.toString('hex'), expected.toString('hex'), `${name} encodes`)
    t.same(codecOf(type).decode(expected), message, `${name} decodes`)
  }
  t.strictSame([...untested].map(messageTypeName), [], 'all messages have a specimen')
  t.end()
})

/** Values of a field, chosen so that zero, empty and multi-byte lengths come up often. */
function fieldValue(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.fieldKind === 'message') return messageInit(field.message, depth + 1)
  if (field.fieldKind === 'list') {
    if (depth > 3) return fc.constant([])
    const element =
      field.listKind === 'message' ? messageInit(field.message, depth + 1) : scalarValue(field.name, field.scalar ?? 0)
    return fc.array(element, { maxLength: 4 })
  }
  if (field.fieldKind === 'scalar') return scalarValue(field.name, field.scalar)
  throw new Error(`unexpected kind of field ${field.name}`)
}

const scalarKinds = { uint64: 4, bool: 8, string: 9, bytes: 12, uint32: 13 }

function scalarValue(name: string, scalar: number): fc.Arbitrary<unknown> {
  switch (scalar) {
    case scalarKinds.uint64:
      return fc.bigInt({ min: 0n, max: name === 'random_seed' ? 2n ** 64n - 1n : 2n ** 53n - 1n })
    case scalarKinds.bool:
      return fc.boolean()
    case scalarKinds.string:
      return fc.string({ unit: 'binary', maxLength: 200 })
    case scalarKinds.bytes:
      return fc.uint8Array({ maxLength: 300 })
    case scalarKinds.uint32:
      // Enums are numbers in the schema; only those that exist keep their number.
      if (name === 'behavior') return fc.nat(2)
      if (name === 'combinator_type') return fc.nat(4)
      return fc.oneof(fc.nat(200), fc.integer({ min: 0, max: 0xffffffff }))
    default:
      throw new Error(`unexpected scalar ${scalar}`)
  }
}

/** Messages with every `oneof` set and every single submessage present, as the protocol requires. */
function messageInit(description: DescMessage, depth = 0): fc.Arbitrary<Init> {
  const parts: Record<string, fc.Arbitrary<unknown>> = {}
  for (const member of description.members) {
    if (member.kind === 'oneof') {
      parts[member.localName] = fc.oneof(
        ...member.fields.map((field) => fieldValue(field, depth).map((value) => ({ case: field.localName, value }))),
      )
    } else if (member.proto.proto3Optional) {
      parts[member.localName] = fc.option(fieldValue(member, depth), { nil: undefined })
    } else parts[member.localName] = fieldValue(member, depth)
  }
  return fc.record(parts)
}

t.test('any message that the library writes decodes and encodes to the same bytes', (t) => {
  for (const type of Object.values(MessageType)) {
    if (isNotificationType(type)) continue
    const name = messageTypeName(type)
    const description = referenceMessage(name)
    t.doesNotThrow(() => {
      fc.assert(
        fc.property(messageInit(description), (init) => {
          const bytes = Buffer.from(toBinary(description, create(description, init)))
          const again = codecOf(type).reencode(bytes)
          if (!again.equals(bytes)) throw new Error(`${bytes.toString('hex')} became ${again.toString('hex')}`)
        }),
        { numRuns: 60 },
      )
    }, name)
  }
  t.end()
})

const result = {
  void: fc.constant({ case: 'void', value: {} }),
  value: fc.uint8Array().map((content) => ({ case: 'value', value: { content } })),
  failure: messageInit(referenceMessage('Failure')).map((value) => ({ case: 'failure', value })),
  id: fc.uint8Array({ minLength: 24, maxLength: 24 }).map((bytes) => ({
    case: 'invocationId',
    value: formatInvocationId(bytes) as string,
  })),
  keys: fc.array(fc.uint8Array()).map((keys) => ({ case: 'stateKeys', value: { keys } })),
}

/** The table of results that each notification may carry. */
const allowed: readonly (readonly [number, readonly (keyof typeof result)[]])[] = [
  [0x8002, ['void', 'value']],
  [0x8006, ['keys']],
  [0x8009, ['value', 'failure']],
  [0x800a, ['void', 'value', 'failure']],
  [0x800b, ['void', 'failure']],
  [0x800c, ['void']],
  [0x800d, ['value', 'failure']],
  [0x800e, ['id']],
  [0x8011, ['value', 'failure']],
  [0x8012, ['value', 'failure']],
  [0x8013, ['void', 'value', 'failure']],
  [0xfbff, ['void', 'value', 'failure']],
]

t.test('notifications: every allowed result round-trips, every other one is refused', (t) => {
  const description = referenceMessage('Notification')
  const uint32 = fc.integer({ min: 0, max: 0xffffffff })
  for (const [type, kinds] of allowed) {
    const id =
      type === MessageType.Signal
        ? fc.oneof(
            uint32.map((value) => ({ case: 'signalIdx', value })),
            fc.string().map((value) => ({ case: 'signalName', value })),
          )
        : uint32.map((value) => ({ case: 'completionId', value }))
    for (const [kind, arbitrary] of Object.entries(result)) {
      fc.assert(
        fc.property(fc.record({ id, result: arbitrary as fc.Arbitrary<unknown> }), (init) => {
          const bytes = Buffer.from(toBinary(description, create(description, init)))
          let again: Buffer | undefined
          try {
            again = encodeNotification(decodeNotification(type, bytes))
          } catch (error) {
            if (!(error instanceof ProtocolMalformed) || !error.message.includes('result of kind')) throw error
          }
          const isAllowed = kinds.some((name) => name === kind)
          if (isAllowed !== (again !== undefined)) throw new Error(`${messageTypeName(type)} with ${kind}`)
          if (again !== undefined && !again.equals(bytes)) throw new Error(`${bytes.toString('hex')} changed`)
        }),
        { numRuns: 30 },
      )
    }
    t.pass(messageTypeName(type))
  }
  t.end()
})

t.test('a notification has its id and result on the wire even when they are zero or empty', (t) => {
  const key = { kind: 'completion', id: 0 } as const
  const hexOf = (result: Parameters<typeof encodeNotification>[0]['result']) =>
    encodeNotification({ type: MessageType.RunCompletion, key, result }).toString('hex')
  t.equal(hexOf({ kind: 'void' }), '08002200')
  t.equal(hexOf({ kind: 'value', value: Buffer.alloc(0) }), '08002a00')
  t.equal(hexOf({ kind: 'failure', failure: { code: 0, message: '' } }), '08003200')
  t.equal(hexOf({ kind: 'state-keys', keys: [] }), '08008a0100')
  t.end()
})

t.test('values are views onto the payload, and large messages survive', (t) => {
  const value = Buffer.alloc(3_000_000, 'x')
  const payload = referenceBytes('SetState', { key: Buffer.from('k'), value: { content: value } })
  t.ok(codecOf(MessageType.SetState).reencode(payload).equals(payload))
  const again = fromBinary(referenceMessage('SetState'), codecOf(MessageType.SetState).reencode(payload))
  t.match(again, { key: Buffer.from('k') })
  const decoded = codecOf(MessageType.SetState).decode(payload)
  const found = typeof decoded === 'object' && decoded !== null && 'value' in decoded ? decoded.value : undefined
  t.ok(found instanceof Uint8Array && found.buffer === payload.buffer && found.length === value.length)
  t.end()
})
