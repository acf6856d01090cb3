import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import fc from 'fast-check'
import t from 'tap'
import { maxRepeatedElements, WireReader } from '../../src/protocol/wire-reader.ts'
import { varintBytes, WireWriter } from '../../src/protocol/wire-writer.ts'

const uint32 = fc.oneof(
  fc.constantFrom(0, 1, 127, 128, 16383, 16384, 2 ** 31, 2 ** 32 - 1),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
)
const uint64 = fc.oneof(fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, 2 ** 35, 2 ** 53 - 1), fc.maxSafeNat())
const seed = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const fieldNumber = fc.constantFrom(1, 15, 16, 2047, 2048, 2 ** 29 - 1)

t.test('numbers are written as another library reads them, and the other way round', (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fieldNumber, uint32, uint64, seed, (field, small, large, any) => {
        const writer = new WireWriter()
        writer.optionalUint32(field, small)
        writer.optionalUint64(field, large)
        writer.uint64BigInt(field, any === 0n ? 1n : any)
        const ours = writer.finish()
        const theirs = new BinaryWriter()
          .tag(field, WireType.Varint)
          .uint32(small)
          .tag(field, WireType.Varint)
          .uint64(BigInt(large))
          .tag(field, WireType.Varint)
          .uint64(any === 0n ? 1n : any)
          .finish()
        if (!ours.equals(theirs)) return false
        const reader = new WireReader(theirs, 'Test')
        return (
          reader.next() &&
          reader.field === field &&
          reader.uint32() === small &&
          reader.next() &&
          reader.uint64() === large &&
          reader.next() &&
          reader.uint64BigInt() === (any === 0n ? 1n : any) &&
          !reader.next()
        )
      }),
    ),
  )
  t.end()
})

t.test('strings and submessages of every length around the steps of the length prefix', (t) => {
  for (const length of [0, 1, 41, 42, 43, 126, 127, 128, 129, 5000, 16383, 16384, 70_000]) {
    for (const unit of ['a', 'ä', '€', '🎈']) {
      const text = unit.repeat(length)
      const writer = new WireWriter()
      const mark = writer.beginMessage(3)
      writer.optionalString(1, text)
      writer.endMessage(mark)
      writer.uint32(4, 7)
      const reader = new BinaryReader(writer.finish())
      reader.tag()
      const inner = new BinaryReader(reader.bytes())
      inner.tag()
      if (inner.string() !== text || reader.tag()[0] !== 4 || reader.uint32() !== 7) t.fail(`${unit} x ${length}`)
    }
  }
  t.strictSame(
    [0, 127, 128, 16383, 16384, 2097151, 2097152, 268435455, 268435456].map(varintBytes),
    [1, 1, 2, 2, 3, 3, 4, 4, 5],
  )
  t.end()
})

t.test('writers that are open at the same time do not disturb each other', (t) => {
  const first = new WireWriter()
  first.string(1, 'first')
  const second = new WireWriter()
  second.string(1, 'second')
  first.string(2, 'more')
  const secondBytes = second.finish()
  const firstBytes = first.finish()
  const third = new WireWriter()
  third.bytes(1, Buffer.alloc(100_000, 1))
  third.finish()
  t.equal(firstBytes.toString('latin1'), '\n\x05first\x12\x04more')
  t.equal(secondBytes.toString('latin1'), '\n\x06second')
  t.end()
})

t.test('unknown fields of every wire type are passed over', (t) => {
  const bytes = new BinaryWriter()
    .tag(90, WireType.Varint)
    .uint64(2n ** 64n - 1n)
    .tag(91, WireType.Bit64)
    .fixed64(5n)
    .tag(92, WireType.LengthDelimited)
    .string('skip me')
    .tag(93, WireType.Bit32)
    .fixed32(5)
    .tag(1, WireType.Varint)
    .uint32(42)
    .finish()
  const reader = new WireReader(bytes, 'Test')
  const found: number[] = []
  while (reader.next()) {
    if (reader.field === 1) found.push(reader.uint32())
    else reader.skip()
  }
  t.strictSame(found, [42])
  t.end()
})

t.test('uint32 keeps the low 32 bits of a longer varint; times saturate', (t) => {
  const reader = new WireReader(Buffer.from('08ffffffffff0108ffffffffffffffffff01', 'hex'), 'Test')
  reader.next()
  t.equal(reader.uint32(), 0xffffffff)
  reader.next()
  t.equal(reader.uint64(), Number.MAX_SAFE_INTEGER)
  t.end()
})

t.test('repeated numbers: packed, single, and mixed', (t) => {
  const reader = new WireReader(Buffer.from('0a0301ac0208050a0107', 'hex'), 'Test')
  const list: number[] = []
  while (reader.next()) reader.uint32List(list)
  t.strictSame(list, [1, 300, 5, 7])
  t.end()
})

t.test('the number of elements is bounded, submessages included', (t) => {
  const read = (count: number) => {
    const writer = new WireWriter()
    const mark = writer.beginMessage(1)
    writer.packedUint32(1, new Array(count).fill(0))
    writer.endMessage(mark)
    const outer = new WireReader(writer.finish(), 'Test')
    outer.next()
    const inner = outer.message('Inner')
    const list: number[] = []
    while (inner.next()) inner.uint32List(list)
    return list.length
  }
  t.equal(read(maxRepeatedElements), maxRepeatedElements)
  t.throws(() => read(maxRepeatedElements + 1), { code: 'PERDURE_ERR_PROTOCOL_MALFORMED' })
  t.end()
})

t.test('text: replacement characters are legal, bytes that are not UTF-8 are not', (t) => {
  const read = (hex: string) => {
    const reader = new WireReader(Buffer.from(hex, 'hex'), 'Test')
    reader.next()
    return reader.string()
  }
  t.equal(read('0a03efbfbd'), '\ufffd')
  t.throws(() => read('0a01ff'), /field 1 is not UTF-8/)
  t.throws(() => read('0a02c080'), /not UTF-8/)
  t.throws(() => read('0a03eda080'), /not UTF-8/)
  t.end()
})
