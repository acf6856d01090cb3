import { randomBytes } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { KeyRing } from '../../src/sealing/key-ring.ts'
import { RecordOpener, RecordSealer } from '../../src/sealing/record-seal.ts'
import { dataKeyTable, ValueSeal } from '../../src/sealing/value-seal.ts'
import { median } from './median.ts'

// What sealing costs: processor time of one record of the log and of one value of the store, by size.
// node test/bench/sealing.ts

const ROUNDS = 5
const keys = new KeyRing([randomBytes(32)])
const sealer = new RecordSealer(keys)
const opener = new RecordOpener(keys, sealer.sealing, 'a record')
const database = new DatabaseSync(':memory:')
database.exec(dataKeyTable)
const values = new ValueSeal(keys, database)

function microseconds(times: number, run: (n: number) => void): string {
  const rounds = Array.from({ length: ROUNDS + 1 }, () => {
    const before = process.cpuUsage()
    for (let n = 0; n < times; n += 1) run(n)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / times
  })
  // The first round is for the compiler.
  return median(rounds.slice(1)).toFixed(1).padStart(12)
}

console.log('bytes       record: seal        open  value: seal        open   (µs)')
for (const [bytes, times] of [
  [300, 20_000],
  [1024, 20_000],
  [8192, 10_000],
  [65_536, 2000],
] as const) {
  const clear = randomBytes(bytes)
  const record = sealer.seal(0, clear)
  const value = values.seal('a place', clear)
  console.log(
    String(bytes).padEnd(12) +
      microseconds(times, (n) => sealer.seal(n, clear)) +
      microseconds(times, () => opener.open(0, record)) +
      microseconds(times, () => values.seal('a place', clear)) +
      microseconds(times, () => values.open('a place', value)),
  )
}
