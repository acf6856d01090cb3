import type { ValueSeal } from '../sealing/value-seal.ts'
import { asBuffer, type InvocationRow } from './row.ts'

// What of the store is sealed, when the server has a key: these columns. Everything else, which indexes and queries need, stays as it is.
// Without a key all of these hand back what they are given.

/** SQL looks at the kind of a result (failed or not) and at whether there is a retry: the first byte of both columns stays clear. */
const clearInFront = 1

type Sealed = 'result' | 'live' | 'events'

const clearBytesOf: Readonly<Record<Sealed, number>> = { result: clearInFront, live: clearInFront, events: 0 }

export function sealInvocationColumn(
  seal: ValueSeal | undefined,
  column: Sealed,
  seq: number,
  value: Uint8Array | null,
): Uint8Array | null {
  if (seal === undefined || value === null) return value
  return seal.seal(`invocation.${column} ${seq}`, value, clearBytesOf[column])
}

export function openInvocationColumn(
  seal: ValueSeal | undefined,
  column: Sealed,
  seq: number,
  value: Uint8Array | null,
): Uint8Array | null {
  if (seal === undefined || value === null) return value
  return seal.open(`invocation.${column} ${seq}`, value, clearBytesOf[column])
}

export function sealRow(seal: ValueSeal | undefined, row: InvocationRow): InvocationRow {
  if (seal === undefined) return row
  const { seq, result, live, events } = row
  return {
    ...row,
    result: sealInvocationColumn(seal, 'result', seq, result),
    live: sealInvocationColumn(seal, 'live', seq, live),
    events: sealInvocationColumn(seal, 'events', seq, events),
  }
}

/** @throws SealingTampered, SealingKeyMissing, as all that open */
export function openRow(seal: ValueSeal | undefined, row: InvocationRow): InvocationRow {
  if (seal === undefined) return row
  const { seq, result, live, events } = row
  return {
    ...row,
    result: openInvocationColumn(seal, 'result', seq, result),
    live: openInvocationColumn(seal, 'live', seq, live),
    events: openInvocationColumn(seal, 'events', seq, events),
  }
}

/** A chunk of journal; `firstIndex` is the number of entries before it. */
export function sealEntries(
  seal: ValueSeal | undefined,
  seq: number,
  firstIndex: number,
  chunk: Uint8Array,
): Uint8Array {
  return seal === undefined ? chunk : seal.seal(`journal ${seq} ${firstIndex}`, chunk)
}

export function openEntries(
  seal: ValueSeal | undefined,
  seq: number,
  firstIndex: number,
  chunk: Uint8Array,
): Uint8Array {
  return seal === undefined ? chunk : seal.open(`journal ${seq} ${firstIndex}`, chunk)
}

/** A value of state, or a promise; `name` is that of either. */
export function sealKeyedValue(
  seal: ValueSeal | undefined,
  table: 'state' | 'promise',
  service: string,
  key: string,
  name: Uint8Array | string,
  value: Uint8Array,
): Uint8Array {
  return seal === undefined ? value : seal.seal(keyedPlace(table, service, key, name), value)
}

export function openKeyedValue(
  seal: ValueSeal | undefined,
  table: 'state' | 'promise',
  service: string,
  key: string,
  name: Uint8Array | string,
  value: Uint8Array,
): Uint8Array {
  return seal === undefined ? value : seal.open(keyedPlace(table, service, key, name), value)
}

export function sealMutation(seal: ValueSeal | undefined, order: number, mutation: Uint8Array): Uint8Array {
  return seal === undefined ? mutation : seal.seal(`mutation ${order}`, mutation)
}

export function openMutation(seal: ValueSeal | undefined, order: number, mutation: Uint8Array): Uint8Array {
  return seal === undefined ? mutation : seal.open(`mutation ${order}`, mutation)
}

/** JSON; sealed as a whole, because it holds headers and the addresses of services. */
export function sealDeployment(seal: ValueSeal | undefined, id: string, record: string): string | Uint8Array {
  return seal === undefined ? record : seal.seal(`deployment ${id}`, Buffer.from(record))
}

export function openDeployment(seal: ValueSeal | undefined, id: string, record: unknown): string {
  if (seal === undefined || !(record instanceof Uint8Array)) return String(record)
  return seal.open(`deployment ${id}`, record).toString()
}

/** Names of state are bytes, which not every text can hold. Names of services and keys may hold any character but are of known length. */
function keyedPlace(table: string, service: string, key: string, name: Uint8Array | string): string {
  const nameText = typeof name === 'string' ? name : asBuffer(name).toString('hex')
  return `${table} ${service.length} ${service} ${key.length} ${key} ${nameText}`
}
