import { dirname } from 'node:path'
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite'
import { type KeyRing, requireKey } from '../sealing/key-ring.ts'
import { ValueSeal } from '../sealing/value-seal.ts'
import {
  openDeployment,
  openEntries,
  openInvocationColumn,
  openKeyedValue,
  openMutation,
  sealDeployment,
  sealEntries,
  sealInvocationColumn,
  sealKeyedValue,
  sealMutation,
} from './sealed-columns.ts'
import { FORMAT_VERSION, SEALED_FORMAT_VERSION } from './tables.ts'

/** Set until the file has been written anew without what was in it before sealing. */
const UNCLEANED = 'uncleaned'

/**
 * Makes a store that has its tables fit for `keys`: a new one gets its format; one that is in clear is sealed as a whole; one that is sealed gets its data
 * keys wrapped by the current key. Afterwards only the current key is needed. The writer calls this, alone with the file. `onUncleaned`: there is no
 * space to write the file anew, so what was in clear stays in free pages of it until the next time; without it that is an error.
 * @throws SealingKeyMissing, and has changed nothing then
 */
export function prepareSealing(
  database: DatabaseSync,
  keys: KeyRing | undefined,
  onUncleaned?: (reason: string) => void,
): ValueSeal | undefined {
  const format = meta(database, 'format')
  if (keys === undefined) {
    if (format === SEALED_FORMAT_VERSION) requireKey(undefined, keyIdOf(database), 'The store')
    // Without keys nobody need be alone with the file: another that is may have given it a format in this moment.
    if (format === undefined) {
      database.prepare(`INSERT OR IGNORE INTO meta VALUES ('format', ?)`).run(FORMAT_VERSION)
    }
    return undefined
  }
  const seal = new ValueSeal(keys, database)
  if (format === undefined) setMeta(database, 'format', SEALED_FORMAT_VERSION)
  if (format === SEALED_FORMAT_VERSION) rewrapDurably(database, seal)
  if (format === FORMAT_VERSION) withTemporaryFilesBeside(database, () => rewriteAll(database, undefined, seal))
  if (meta(database, UNCLEANED) === undefined) return seal
  try {
    withTemporaryFilesBeside(database, () => clean(database))
  } catch (error) {
    if (onUncleaned === undefined || !isLackOfSpace(error)) throw error
    makeRoom(database)
    onUncleaned(error instanceof Error ? error.message : String(error))
  }
  return seal
}

/**
 * Seals everything anew under a new data key and forgets the old ones. For when a key of the file has become known to others, who may also have a copy of
 * the wrapped data keys.
 */
export function resealAll(database: DatabaseSync, keys: KeyRing): void {
  withTemporaryFilesBeside(database, () => {
    rewriteAll(database, new ValueSeal(keys, database), new ValueSeal(keys, database))
    clean(database)
  })
}

/** In one transaction: sealed or not, never half. `from` opens what is sealed already. */
function rewriteAll(database: DatabaseSync, from: ValueSeal | undefined, to: ValueSeal): void {
  const define = (name: string, run: (...args: SQLOutputValue[]) => SQLInputValue) => database.function(name, run)
  for (const column of ['result', 'live', 'events'] as const) {
    define(`reseal_${column}`, (seq, value) => {
      const open = openInvocationColumn(from, column, Number(seq), bytesOrNull(value))
      return sealInvocationColumn(to, column, Number(seq), open)
    })
  }
  define('reseal_entries', (seq, index, value) =>
    sealEntries(to, Number(seq), Number(index), openEntries(from, Number(seq), Number(index), bytes(value))),
  )
  for (const table of ['state', 'promise'] as const) {
    define(`reseal_${table}`, (service, key, name, value) => {
      const place = [table, String(service), String(key), name instanceof Uint8Array ? name : String(name)] as const
      return sealKeyedValue(to, ...place, openKeyedValue(from, ...place, bytes(value)))
    })
  }
  define('reseal_mutation', (order, value) =>
    sealMutation(to, Number(order), openMutation(from, Number(order), bytes(value))),
  )
  define('reseal_deployment', (id, value) => sealDeployment(to, String(id), openDeployment(from, String(id), value)))
  const lastKey = Number(database.prepare('SELECT coalesce(max(number), 0) AS number FROM data_key').get()?.number)
  database.exec('BEGIN')
  try {
    to.begin()
    database.exec(`
      UPDATE invocation SET result = reseal_result(seq, result), live = reseal_live(seq, live), events = reseal_events(seq, events);
      UPDATE journal SET entries = reseal_entries(seq, first_index, entries);
      UPDATE state SET value = reseal_state(service, key, name, value);
      UPDATE promise SET promise = reseal_promise(service, key, name, promise);
      UPDATE mutation SET mutation = reseal_mutation(queue_order, mutation);
      UPDATE deployment SET record = reseal_deployment(id, record);
    `)
    database.prepare('DELETE FROM data_key WHERE number <= ?').run(lastKey)
    setMeta(database, 'format', SEALED_FORMAT_VERSION)
    setMeta(database, UNCLEANED, 1)
    database.exec('COMMIT')
  } catch (error) {
    // A full disk makes SQLite do so by itself; asked again it would speak of that and not of the disk.
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/**
 * What SQLite sets aside meanwhile is as large as the store, and some of it is in clear: it must not go to the directory for temporary files, which
 * is small in containers and somebody else's business. The setting is the process's; nobody else there makes such files before the store is open.
 */
function withTemporaryFilesBeside(database: DatabaseSync, run: () => void): void {
  const directory = dirname(database.location() ?? '').replaceAll("'", "''")
  database.exec(`PRAGMA temp_store_directory = '${directory}'`)
  try {
    run()
  } finally {
    database.exec(`PRAGMA temp_store_directory = ''`)
  }
}

/**
 * Synced, unlike other transactions: the key that the data keys were under may be thrown away as soon as it is not needed, and the log cannot
 * bring them back.
 */
function rewrapDurably(database: DatabaseSync, seal: ValueSeal): void {
  const before = Number(database.prepare('PRAGMA synchronous').get()?.synchronous)
  database.exec('PRAGMA synchronous = FULL')
  seal.rewrap()
  database.exec(`PRAGMA synchronous = ${before}`)
}

/** Pages that are free or half full still hold what was there before: the file and its WAL are written anew. */
function clean(database: DatabaseSync): void {
  database.exec('VACUUM')
  // While somebody reads an older state it stays in the file, and the next start has to do this again.
  if (database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy !== 0) return
  database.prepare('DELETE FROM meta WHERE name = ?').run(UNCLEANED)
}

/** What the attempt has left in the WAL takes up the space that the log needs to begin. */
function makeRoom(database: DatabaseSync): void {
  if (database.isTransaction) database.exec('ROLLBACK')
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
}

/** SQLITE_FULL, and SQLITE_IOERR_WRITE, which is what a quota looks like to SQLite. */
function isLackOfSpace(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (error.errcode === 13 || error.errcode === 778)
}

function keyIdOf(database: DatabaseSync): string {
  const row = database.prepare('SELECT key_id FROM data_key ORDER BY number DESC').get()
  return row === undefined ? 'unknown (nothing is stored yet)' : String(row.key_id)
}

function meta(database: DatabaseSync, name: string): number | undefined {
  const row = database.prepare('SELECT value FROM meta WHERE name = ?').get(name)
  return row === undefined ? undefined : Number(row.value)
}

function setMeta(database: DatabaseSync, name: string, value: number): void {
  database.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)').run(name, value)
}

function bytes(value: SQLOutputValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw new Error('invariant: a payload column holds bytes')
}

function bytesOrNull(value: SQLOutputValue | undefined): Uint8Array | null {
  return value === null ? null : bytes(value)
}
