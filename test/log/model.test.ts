import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { SegmentLog } from '../../src/log/segment-log.ts'
import { appendAll, copySegments, numberedBatch, openLog, scratchDirectory, segmentsIn } from './scratch-log.ts'

const segmentSizeBytes = 600
const segmentHeaderBytes = 64
const recordHeaderBytes = 16

type Operation =
  | { readonly kind: 'append'; readonly sizes: readonly number[] }
  /** The machine stops while these are being written. */
  | { readonly kind: 'crash'; readonly sizes: readonly number[] }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'trim'; readonly share: number }
  | { readonly kind: 'corrupt'; readonly share: number; readonly bit: number }

interface ModelRecord {
  readonly position: number
  readonly batch: Buffer
}

/** The log as it should be: a list of records. */
class Model {
  records: ModelRecord[] = []
  tail = 0
  start = 0
  /** Everything before it is covered by a later record or segment, so damage to it must show. */
  covered = 0
  #number = 0

  batches(sizes: readonly number[]): Buffer[] {
    return sizes.map((size) => numberedBatch(this.#number++, size))
  }

  add(batches: readonly Buffer[]): void {
    if (batches.length > 0) this.covered = this.tail
    for (const batch of batches) {
      this.tail += recordHeaderBytes + batch.length
      this.records.push({ position: this.tail, batch })
    }
  }
}

/** A log, the model of it, and the operations on both. */
class Trial {
  readonly #t: Test
  readonly #model = new Model()
  #directory: string
  #log: SegmentLog

  private constructor(t: Test, directory: string, log: SegmentLog) {
    this.#t = t
    this.#directory = directory
    this.#log = log
  }

  static async begin(t: Test): Promise<Trial> {
    const directory = scratchDirectory(t)
    return new Trial(t, directory, await openLog(directory, segmentSizeBytes))
  }

  async run(operation: Operation): Promise<void> {
    switch (operation.kind) {
      case 'append':
        return this.#append(operation.sizes)
      case 'crash':
        return this.#crash(operation.sizes)
      case 'reopen':
        await this.#log.close()
        return this.#reopen()
      case 'trim':
        return this.#trim(operation.share)
      case 'corrupt':
        return this.#corrupt(operation.share, operation.bit)
    }
  }

  check(): void {
    const { records, tail, start } = this.#model
    const found = [...this.#log.read(this.#log.start)]
    const same = found.every(({ position, batch }, i) => {
      const expected = records[i]
      return expected !== undefined && position === expected.position && batch.equals(expected.batch)
    })
    if (!same || found.length !== records.length) throw new Error(`${found.length} records for ${records.length}`)
    if (this.#log.tail !== tail || this.#log.start !== start) throw new Error('start or tail differ')
  }

  end(): Promise<void> {
    return this.#log.close()
  }

  async #append(sizes: readonly number[]): Promise<void> {
    const batches = this.#model.batches(sizes)
    await appendAll(this.#log, batches)
    this.#model.add(batches)
  }

  async #crash(sizes: readonly number[]): Promise<void> {
    const batches = this.#model.batches(sizes)
    const written = appendAll(this.#log, batches)
    await new Promise((resolve) => setImmediate(resolve))
    const disk = scratchDirectory(this.#t)
    copySegments(this.#directory, disk)
    await written
    await this.#log.close()
    this.#directory = disk
    this.#log = await openLog(disk, segmentSizeBytes)
    // Any number of the unacknowledged batches may be there.
    const survivors = [...this.#log.read(this.#model.tail)].length
    this.#model.add(batches.slice(0, survivors))
    this.#model.covered = this.#model.tail
  }

  async #reopen(): Promise<void> {
    this.#log = await openLog(this.#directory, segmentSizeBytes)
    if (this.#log.recoveredBytesCut > 0) throw new Error('a log that was closed has been cut')
    this.#model.covered = this.#model.tail
  }

  async #trim(share: number): Promise<void> {
    const model = this.#model
    const index = Math.floor(share * model.records.length)
    const position = model.records[index]?.position ?? model.tail
    await this.#log.trim(position)
    if (this.#log.start > position || this.#log.start < model.start) throw new Error('trimmed too much')
    if (position - this.#log.start > 2 * segmentSizeBytes + 1000) throw new Error('trimmed too little')
    model.start = this.#log.start
    model.records = model.records.filter((record) => record.position > model.start)
  }

  async #corrupt(share: number, bit: number): Promise<void> {
    await this.#log.close()
    const { start, covered } = this.#model
    if (covered > start) this.#flip(start + Math.floor(share * (covered - start)), bit)
    else return this.#reopen()
    const refusal = await openLog(this.#directory, segmentSizeBytes).catch((error: unknown) => error)
    if (!(refusal instanceof Error) || !('code' in refusal) || refusal.code !== 'PERDURE_ERR_LOG_CORRUPT') {
      throw new Error(`opened in spite of damage: ${String(refusal)}`)
    }
    this.#flip(start + Math.floor(share * (covered - start)), bit)
    await this.#reopen()
  }

  #flip(position: number, bit: number): void {
    const name = segmentsIn(this.#directory).findLast((name) => Number.parseInt(name, 10) <= position) ?? ''
    const path = join(this.#directory, name)
    const content = readFileSync(path)
    const at = segmentHeaderBytes + position - Number.parseInt(name, 10)
    content[at] = (content[at] ?? 0) ^ (1 << bit)
    writeFileSync(path, content)
  }
}

const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 5 })
const share = fc.double({ min: 0, max: 0.999, noNaN: true })
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('append'), sizes }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash'), sizes }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('trim'), share }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('corrupt'), share, bit: fc.nat(7) }) },
)

t.test('appends, crashes, reopenings, trims and damage leave the log as a list would be', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 20 }), async (operations) => {
      const trial = await Trial.begin(t)
      try {
        for (const operation of operations) {
          await trial.run(operation)
          trial.check()
        }
      } finally {
        await trial.end()
      }
    }),
    { numRuns: 60 },
  )
  t.pass('60 sequences')
})
