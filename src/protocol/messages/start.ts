import { readStateEntry, type StateEntry, writeStateEntries } from '../values/state-entry.ts'
import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

const emptyBytes = Buffer.alloc(0)

/** Opens an attempt; `knownEntries` messages of the journal follow. */
export interface StartMessage {
  /** The 24 bytes of the invocation id. */
  readonly id: Uint8Array
  /** The same as text. */
  readonly debugId: string
  /** Commands and notifications that are replayed, at least 1. */
  readonly knownEntries: number
  /** Sorted by key, bytewise. */
  readonly stateMap: readonly StateEntry[]
  /** There may be state that `stateMap` lacks: the SDK asks for it. */
  readonly partialState: boolean
  /** Object key or workflow id; empty for plain services. */
  readonly key: string
  readonly retryCountSinceLastStoredEntry: number
  readonly durationSinceLastStoredEntryMs: number
  /** 64 bits, the same for all attempts of an invocation. */
  readonly randomSeed: bigint
  /** Protocol V7. */
  readonly scope?: string | undefined
  /** Protocol V7. */
  readonly limitKey?: string | undefined
  /** Protocol V7. */
  readonly idempotencyKey?: string | undefined
}

export function encodeStart(message: StartMessage): Buffer {
  const writer = new WireWriter()
  writer.bytes(1, message.id)
  writer.string(2, message.debugId)
  writer.uint32(3, message.knownEntries)
  writeStateEntries(writer, 4, message.stateMap)
  writer.bool(5, message.partialState)
  writer.string(6, message.key)
  writer.uint32(7, message.retryCountSinceLastStoredEntry)
  writer.uint64(8, message.durationSinceLastStoredEntryMs)
  writer.uint64BigInt(9, message.randomSeed)
  writer.optionalString(10, message.scope)
  writer.optionalString(11, message.limitKey)
  writer.optionalString(12, message.idempotencyKey)
  return writer.finish()
}

export function decodeStart(payload: Uint8Array): StartMessage {
  const reader = new WireReader(payload, 'Start')
  let id: Uint8Array = emptyBytes
  let debugId = ''
  let knownEntries = 0
  const stateMap: StateEntry[] = []
  let partialState = false
  let key = ''
  let retryCountSinceLastStoredEntry = 0
  let durationSinceLastStoredEntryMs = 0
  let randomSeed = 0n
  let scope: string | undefined
  let limitKey: string | undefined
  let idempotencyKey: string | undefined
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        id = reader.bytes()
        break
      case 2:
        debugId = reader.string()
        break
      case 3:
        knownEntries = reader.uint32()
        break
      case 4:
        stateMap.push(readStateEntry(reader))
        break
      case 5:
        partialState = reader.bool()
        break
      case 6:
        key = reader.string()
        break
      case 7:
        retryCountSinceLastStoredEntry = reader.uint32()
        break
      case 8:
        durationSinceLastStoredEntryMs = reader.uint64()
        break
      case 9:
        randomSeed = reader.uint64BigInt()
        break
      case 10:
        scope = reader.string()
        break
      case 11:
        limitKey = reader.string()
        break
      case 12:
        idempotencyKey = reader.string()
        break
      default:
        reader.skip()
    }
  }
  return {
    id,
    debugId,
    knownEntries,
    stateMap,
    partialState,
    key,
    retryCountSinceLastStoredEntry,
    durationSinceLastStoredEntryMs,
    randomSeed,
    scope,
    limitKey,
    idempotencyKey,
  }
}
