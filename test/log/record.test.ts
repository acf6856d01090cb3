import t from 'tap'
import { findProofOfDamage, findRecord, recordHeaderBytes, writeRecordHeader } from '../../src/log/record.ts'

const marker = 0x5eed5eed
const batch = Buffer.from('payload')

function record(position: number, groupStart: number, ownMarker = marker): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(recordHeaderBytes), batch])
  writeRecordHeader(bytes, 0, position, ownMarker, groupStart, batch)
  return bytes
}

t.test('a record is one at its own position, with the marker of its owner, and whole', async (t) => {
  const high = 2 ** 40 + 5
  for (const position of [0, 1000, high]) {
    t.same(findRecord(record(position, position), 0, position, marker), { batchBytes: 7, groupStart: position })
  }
  t.same(findRecord(record(1000, 400), 0, 1000, marker), { batchBytes: 7, groupStart: 400 })
  const good = record(1000, 400)
  t.equal(findRecord(good, 0, 1001, marker), undefined, 'at another position')
  t.equal(findRecord(record(1000, 400, 7), 0, 1000, marker), undefined, 'of another owner')
  for (let bytes = 0; bytes < good.length; bytes++) {
    t.equal(findRecord(good.subarray(0, bytes), 0, 1000, marker), undefined, `cut to ${bytes} bytes`)
  }
})

t.test('damage is proven by a record that was written when the bad one was durable, and by nothing else', async (t) => {
  const bad = 1000
  const at = 50
  const rest = (witness: Buffer) => Buffer.concat([Buffer.alloc(at, 0x11), witness, Buffer.alloc(30)])
  const search = (witness: Buffer) => findProofOfDamage(rest(witness), bad, marker)
  t.equal(search(record(bad + at, bad + 1)), bad + at, 'its group starts behind the bad record')
  t.equal(search(record(bad + at, bad)), undefined, 'the bad record began its group')
  t.equal(search(record(bad + at, bad - 200)), undefined, 'the bad record was in its group')
  t.equal(search(record(bad + at, bad + 1, 7)), undefined, 'it does not carry the marker')
  t.equal(search(record(bad + at + 1, bad + 1)), undefined, 'it stands elsewhere')
  const group = Buffer.concat([record(bad + at, bad), record(bad + at + 23, bad), record(bad + at + 46, bad + at + 46)])
  t.equal(search(group), bad + at + 46, 'behind others that prove nothing')
})
