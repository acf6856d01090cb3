import fc from 'fast-check'
import { PerdureError } from '../../src/errors/perdure-error.ts'

/** Something that takes input of strangers, and what must hold for any input. */
export interface Target {
  readonly name: string
  /** Tries this many inputs; the same for the same seed. */
  search(runs: number, seed: number): Finding | undefined
}

/** An input for which something does not hold, as short as it could be made. */
export interface Finding {
  readonly why: string
  readonly input: string
}

/** One input may take this long; more counts as a hang. */
const SLOW_MS = 2000

export function target<Input>(name: string, inputs: fc.Arbitrary<Input>, check: (input: Input) => void): Target {
  const property = fc.property(inputs, (input) => {
    const before = process.cpuUsage()
    check(input)
    // Of the processor, not of the clock: others may be at work.
    const { user, system } = process.cpuUsage(before)
    if (user + system > SLOW_MS * 1000) throw new Error(`it took ${Math.round((user + system) / 1000)} ms`)
  })
  return {
    name,
    search(numRuns, seed) {
      const { failed, errorInstance, counterexample } = fc.check(property, { numRuns, seed })
      if (!failed) return undefined
      const why = errorInstance instanceof Error ? errorInstance.message : String(errorInstance)
      return { why, input: fc.stringify(counterexample?.[0]) }
    },
  }
}

/** What `work` returns, or the error that it was right to throw. Any other error is a finding. */
export function outcomeOf<T>(work: () => T): T | PerdureError {
  try {
    return work()
  } catch (error) {
    if (error instanceof PerdureError) return error
    throw error
  }
}

interface Mutation {
  readonly kind: 'flip' | 'set' | 'delete' | 'insert' | 'repeat' | 'cut'
  readonly at: number
  readonly value: number
  readonly length: number
}

const mutations = fc.array(
  fc.record<Mutation>({
    kind: fc.constantFrom('flip', 'set', 'delete', 'insert', 'repeat', 'cut'),
    at: fc.nat(),
    value: fc.oneof(fc.nat(255), fc.constantFrom(0, 0x7f, 0x80, 0xff)),
    length: fc.nat(24),
  }),
  { maxLength: 6 },
)

/** Valid bytes with a few things wrong with them. */
export function mutated(base: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  return fc.tuple(base, mutations).map(([bytes, changes]) => changes.reduce(mutate, bytes))
}

function mutate(bytes: Buffer, { kind, at, value, length }: Mutation): Buffer {
  const place = bytes.length === 0 ? 0 : at % bytes.length
  const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)]
  switch (kind) {
    case 'flip':
      return Buffer.concat([before, Buffer.from([(after[0] ?? 0) ^ (1 << (value % 8))]), after.subarray(1)])
    case 'set':
      return Buffer.concat([before, Buffer.from([value]), after.subarray(1)])
    case 'delete':
      return Buffer.concat([before, after.subarray(length)])
    case 'insert':
      return Buffer.concat([before, Buffer.alloc(length, value), after])
    case 'repeat':
      return Buffer.concat([before, after.subarray(0, length), after])
    case 'cut':
      return before
  }
}
