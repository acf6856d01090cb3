import fc from 'fast-check'
import t from 'tap'
import { BadId } from '../../src/errors/protocol.ts'
import { bucketsPerService, partitionKeyOfBucket, partitionKeyOfText } from '../../src/protocol/ids/partition-key.ts'
import {
  formatAwakeableId,
  formatDeploymentId,
  formatInvocationId,
  idempotentInvocationId,
  invocationIdBeside,
  invocationIdFor,
  invocationIdRandomBytes,
  isInvocationId,
  newDeploymentId,
  newUlid,
  parseAwakeableId,
  parseDeploymentId,
  parseInvocationId,
  randomSeedOf,
  workflowRunId,
} from '../../src/protocol/ids.ts'

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const noRandom = new Uint8Array(invocationIdRandomBytes)

/** The same by definition, in the slow way. */
function slowBase62(bigEndian: Uint8Array, width: number): string {
  let number = BigInt(`0x${Buffer.from(bigEndian).reverse().toString('hex')}`)
  let text = ''
  for (let digit = 0; digit < width; digit++) {
    text = `${alphabet[Number(number % 62n)]}${text}`
    number /= 62n
  }
  return text
}

t.test('invocation ids seen on the wire of a real server', (t) => {
  const bytes = Buffer.from('548ae3cba54055b3d56a41e6062e36979768da427eb06dd8', 'hex')
  t.equal(formatInvocationId(bytes), 'inv_1foAirY4KKzi6AotbTGm1zzTAM9XYPwUBf')
  t.ok(parseInvocationId('inv_1foAirY4KKzi6AotbTGm1zzTAM9XYPwUBf').equals(bytes))
  t.equal(randomSeedOf(bytes), 6773495277079970048n)
  t.equal(randomSeedOf(parseInvocationId('inv_1d08C6iPM9ri5uakDaap6GMxWDopGGubl6')), 15386537337762892499n)
  t.end()
})

t.test('ids of all bytes: equal to the definition, and back', (t) => {
  const byte = fc.oneof(fc.constantFrom(0, 255), fc.nat(255))
  const bytes = fc.array(byte, { minLength: 24, maxLength: 24 }).map((all) => Uint8Array.from(all))
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(bytes, (id) => {
        const text = formatInvocationId(id)
        const slow = `inv_1${slowBase62(id.subarray(0, 8), 11)}${slowBase62(id.subarray(8), 22)}`
        const deployment = formatDeploymentId(id.subarray(8))
        return (
          text === slow &&
          parseInvocationId(text).equals(id) &&
          isInvocationId(text) &&
          deployment === `dp_1${slowBase62(id.subarray(8), 22)}` &&
          parseDeploymentId(deployment) === deployment
        )
      }),
      { numRuns: 500 },
    ),
  )
  t.end()
})

t.test('texts that are no invocation id', (t) => {
  const zeros = '0'.repeat(33)
  const cases: readonly (readonly [text: string, reason: string])[] = [
    ['', 'bad length'],
    ['foo', 'bad format'],
    ['inv', 'bad format'],
    ['inv_', 'bad length'],
    ['inv_1', 'bad length'],
    ['inv_abcdef', 'unrecognized codec version'],
    [`inv_2${zeros}`, 'unrecognized codec version'],
    [`inv_1${zeros.slice(1)}`, 'bad length'],
    [`inv_1${zeros}0`, 'bad length'],
    [`dp_1${zeros.slice(11)}`, "id doesn't match the expected type"],
    [`sign_1${zeros}`, "id doesn't match the expected type"],
    [`nope_1${zeros}`, 'unrecognized resource type: nope'],
    [`inv_1${zeros.slice(1)}-`, 'base62 decode error'],
    [`inv_1${zeros.slice(1)}ä`, 'base62 decode error'],
    // One more than the largest number of 64 bits, and of 128.
    [`inv_1lYGhA16ahyg${'0'.repeat(22)}`, 'base62 decode error'],
    [`inv_1${'0'.repeat(11)}7N42dgm5tFLK9N8MT7fHC8`, 'base62 decode error'],
    [`inv_1${'Z'.repeat(33)}`, 'base62 decode error'],
  ]
  for (const [text, reason] of cases) {
    t.notOk(isInvocationId(text), text)
    t.throws(() => parseInvocationId(text), { code: 'PERDURE_ERR_PROTOCOL_BAD_ID', status: 400, reason }, text)
  }
  const largest = `inv_1lYGhA16ahyf7N42dgm5tFLK9N8MT7fHC7`
  t.equal(parseInvocationId(largest).toString('hex'), 'ff'.repeat(24), 'the largest id is one')
  t.throws(() => parseInvocationId('foo'), { message: "bad invocation id 'foo': bad format" })
  const error = new BadId('invocation', 'x'.repeat(10_000), 'bad format')
  t.ok(error.message.length < 200, 'a long text is not repeated')
  t.end()
})

t.test('deployment ids', (t) => {
  t.equal(parseDeploymentId('dp_16H0AubR1QlyV71ngiKEQlX'), 'dp_16H0AubR1QlyV71ngiKEQlX')
  t.throws(() => parseDeploymentId('dp_bad'), {
    code: 'PERDURE_ERR_PROTOCOL_BAD_ID',
    reason: 'unrecognized codec version',
    message: /^bad deployment id/,
  })
  t.throws(() => parseDeploymentId('dp_1short'), { code: 'PERDURE_ERR_PROTOCOL_BAD_ID', reason: 'bad length' })
  t.throws(() => parseDeploymentId(`dp_1${'Z'.repeat(22)}`), {
    code: 'PERDURE_ERR_PROTOCOL_BAD_ID',
    reason: 'base62 decode error',
  })
  t.throws(() => parseDeploymentId(`inv_1${'0'.repeat(33)}`), {
    code: 'PERDURE_ERR_PROTOCOL_BAD_ID',
    reason: "id doesn't match the expected type",
  })
  const nowMs = 1_795_282_395_427
  const random = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  const bytes = Buffer.concat([Buffer.alloc(6), random])
  bytes.writeUIntBE(nowMs, 0, 6)
  t.equal(newDeploymentId(nowMs, random), formatDeploymentId(bytes))
  t.end()
})

t.test('awakeable ids', (t) => {
  const bytes = Buffer.from('aeacbac0b9cb97b6eb64a349f01c2462528f05cd30ae4cc8', 'hex')
  const text = 'sign_1rqy6wLnLl7brZKNJ8BwkYlKPBc0wrkzIAAAAEQ'
  t.equal(formatAwakeableId(bytes, 17), text)
  t.strictSame(parseAwakeableId(text), { invocationId: formatInvocationId(bytes), signalIndex: 17 })
  t.equal(parseAwakeableId(formatAwakeableId(bytes, 0xffffffff)).signalIndex, 0xffffffff)
  const cases: readonly (readonly [text: string, reason: string])[] = [
    ['foo', 'bad format'],
    ['sign_1foo', "id doesn't match the expected type"],
    ['prom_1foo', 'bad length'],
    ['sign_2foo', 'unrecognized codec version'],
    [`${text.slice(0, -1)}.`, "id doesn't match the expected type"],
    // The last digit carries two bits that no byte has.
    [`${text.slice(0, -1)}R`, "id doesn't match the expected type"],
    [`prom_1${text.slice(6)}`, "id doesn't match the expected type"],
  ]
  for (const [bad, reason] of cases)
    t.throws(() => parseAwakeableId(bad), { reason, message: /^bad awakeable id/ }, bad)
  t.end()
})

t.test('ULIDs: the vector of their description, order, and the ends of the range', (t) => {
  t.equal(newUlid(1_469_918_176_385, new Uint8Array(10).fill(255)), '01ARYZ6S41ZZZZZZZZZZZZZZZZ')
  t.equal(newUlid(0, new Uint8Array(10)), '0'.repeat(26))
  t.equal(newUlid(2 ** 48 - 1, new Uint8Array(10).fill(255)), `7${'Z'.repeat(25)}`)
  t.equal(newUlid(0, Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 33])), `${'0'.repeat(24)}11`)
  t.ok(newUlid(1000, new Uint8Array(10).fill(255)) < newUlid(1001, new Uint8Array(10)))
  t.end()
})

t.test('deterministic ids are those of a real server', (t) => {
  const idempotent = {
    service: 'LabChild',
    key: undefined,
    handler: 'quick',
    isWorkflowRun: false,
    idempotencyKey: 'idk',
  }
  t.equal(invocationIdFor(idempotent, 0, noRandom), 'inv_173hD9Sfn7Tq7lAB6ZzbTjZzNHI5Dciuo5')
  const run = { service: 'LabWf', key: 'k1', handler: 'run', isWorkflowRun: true }
  t.equal(invocationIdFor(run, 0, noRandom), 'inv_1foAirY4KKzi6U0sd2n9UAi4WAhOdW1JM8')

  t.equal(idempotentInvocationId(idempotent), 'inv_173hD9Sfn7Tq7lAB6ZzbTjZzNHI5Dciuo5')
  t.equal(workflowRunId('LabWf', 'k1'), 'inv_1foAirY4KKzi6U0sd2n9UAi4WAhOdW1JM8')

  const random = new Uint8Array(invocationIdRandomBytes).fill(9)
  t.equal(invocationIdFor(idempotent, 1, random), invocationIdFor(idempotent, 2, noRandom))
  const others = [
    { ...idempotent, idempotencyKey: 'other' },
    { ...idempotent, idempotencyKey: '' },
    { ...idempotent, handler: 'slow' },
    { ...idempotent, service: 'Other' },
    { ...idempotent, key: '' },
    { ...idempotent, key: 'k' },
    run,
    { ...run, key: 'k2' },
  ]
  const ids = others.map((target) => invocationIdFor(target, 0, noRandom))
  t.equal(new Set([...ids, invocationIdFor(idempotent, 0, noRandom)]).size, others.length + 1)
  t.end()
})

t.test('other ids: the time and the random bytes, in a partition of the key or the service', (t) => {
  const nowMs = 1_795_282_395_427
  const random = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0x01, 0xff])
  const target = { service: 'LabChild', key: undefined, handler: 'slow', isWorkflowRun: false }
  const unkeyed = parseInvocationId(invocationIdFor(target, nowMs, random))
  t.equal(unkeyed.readUIntBE(8, 6), nowMs)
  t.strictSame([...unkeyed.subarray(14)], [...random.subarray(0, 10)])
  t.strictSame(unkeyed.subarray(0, 8), Buffer.from(partitionKeyOfBucket('LabChild', 511)))

  const keyed = parseInvocationId(invocationIdFor({ ...target, key: 'k1' }, nowMs, random))
  t.equal(keyed.subarray(0, 8).toString('hex'), '548ae3cba54055b3', 'as a real server has it')
  t.strictSame(keyed.subarray(8), unkeyed.subarray(8))

  // What a real server chose at random is one of our buckets.
  const buckets = new Set(
    Array.from({ length: bucketsPerService }, (_, bucket) =>
      Buffer.from(partitionKeyOfBucket('LabChild', bucket)).toString('hex'),
    ),
  )
  t.equal(buckets.size, bucketsPerService)
  for (const id of [
    'inv_13E5kMo6qmFt48BwAhqDtvblvn7U6V2fv3',
    'inv_17A9WdV8ndR02JETo6xNtOR7jrYZBvp2lr',
    'inv_1c9TpBFeef9k0NRU8SZhoSDUK64YKDYznj',
    'inv_11bQctVqTkbB5SH7zf8VfComXWiC7vSqA1',
  ]) {
    t.ok(buckets.has(parseInvocationId(id).subarray(0, 8).toString('hex')), id)
  }
  t.notSame(partitionKeyOfText('k1'), partitionKeyOfText('k2'))
  t.end()
})

t.test('bucket keys stay right when more services are asked for than are remembered', (t) => {
  const first = Buffer.from(partitionKeyOfBucket('service-0', 3)).toString('hex')
  for (let service = 0; service < 1100; service++) partitionKeyOfBucket(`service-${service}`, 3)
  t.equal(Buffer.from(partitionKeyOfBucket('service-0', 3)).toString('hex'), first)
  t.end()
})

t.test('a new id beside an old one has its partition key and a ULID', (t) => {
  const old = formatInvocationId(parseInvocationId('inv_19Yjr9UGH2Ew4sRbrScDXcvFlIsVANZEXL'))
  const nowMs = Date.UTC(2026, 10, 21)
  const random = Uint8Array.from({ length: 10 }, (_, index) => 0xf0 + index)
  const id = invocationIdBeside(old, nowMs, random)
  // Restate 1.7.12 restarted this one as inv_19Yjr9UGH2Ew5AGjIFLDHHmMG6KWbBmnwB.
  t.ok(id.startsWith('inv_19Yjr9UGH2Ew'))
  const bytes = parseInvocationId(id)
  t.equal(bytes.readUIntBE(8, 6), nowMs)
  t.strictSame([...bytes.subarray(14)], [...random])
  t.not(
    invocationIdBeside(
      old,
      nowMs,
      random.map((byte) => byte ^ 1),
    ),
    id,
  )
  t.end()
})
