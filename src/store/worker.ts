import { closeSync, fdatasyncSync, openSync } from 'node:fs'
import module from 'node:module'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { PerdureError } from '../errors/perdure-error.ts'
import { KeyRing } from '../sealing/key-ring.ts'
import type { ValueSeal } from '../sealing/value-seal.ts'
import { prepareSealing } from './open-sealed.ts'
import { Projector } from './projector.ts'
import { syncDirectory } from './store-file.ts'
import { refuseForeignFormat, tables } from './tables.ts'

/** What the thread is started with. */
export interface WorkerOptions {
  readonly file: string
  /** Keys to seal and open with, the current one first; `undefined`: the store is in clear. */
  readonly keys: readonly Uint8Array[] | undefined
}

/** What the main thread says to the worker. */
export type ToWorker =
  /** Fold these batches and write them; they end at `position`. */
  | { readonly type: 'fold'; readonly position: number; readonly batches: readonly Uint8Array[] }
  /** Sync the database file, so that the log up to what is written may go. */
  | { readonly type: 'sync' }
  | { readonly type: 'close' }

/** What the worker says back. */
export type FromWorker =
  /** `uncleaned`: why what was in clear before sealing could not be removed from the file's free pages. */
  | { readonly type: 'ready'; readonly uncleaned: string | undefined }
  /** The store cannot be opened with these keys; the thread ends. The code is that of a PerdureError. */
  | { readonly type: 'refused'; readonly code: string; readonly message: string }
  | { readonly type: 'folded'; readonly position: number }
  /** Everything up to `position` is on disk for good. */
  | { readonly type: 'synced'; readonly position: number }
  | { readonly type: 'closed' }

const port = parentPort
if (port === null) throw new Error('invariant: runs as a worker thread')
const { file, keys } = workerData as WorkerOptions

const database = new DatabaseSync(file)
// The log is what must not be lost; the store only must not tear. WAL with NORMAL gives that for one sync a checkpoint.
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000')
/** What an earlier thread has written counts: without it, nothing that the log holds of it could go. */
let written = 0

function tell(message: FromWorker): void {
  port?.postMessage(message)
}

function syncFile(path: string): void {
  const descriptor = openSync(path, 'r+')
  try {
    fdatasyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

let uncleaned: string | undefined

/** `undefined` when the store was refused. */
function prepare(): Projector | undefined {
  let seal: ValueSeal | undefined
  try {
    refuseForeignFormat(database, file)
    database.exec(tables)
    written = Number(database.prepare(`SELECT value FROM meta WHERE name = 'position'`).get()?.value ?? 0)
    seal = prepareSealing(database, keys && new KeyRing(keys), (reason) => {
      uncleaned = reason
    })
  } catch (error) {
    database.close()
    if (!(error instanceof PerdureError)) throw error
    tell({ type: 'refused', code: error.code, message: error.message })
    return undefined
  }
  return new Projector(database, seal)
}

function answer(projector: Projector, message: ToWorker): void {
  switch (message.type) {
    case 'fold':
      for (const batch of message.batches) {
        projector.fold(Buffer.from(batch.buffer, batch.byteOffset, batch.byteLength))
      }
      projector.checkpoint(message.position)
      written = message.position
      tell({ type: 'folded', position: written })
      return
    case 'sync':
      // While a query reads an older state the checkpoint cannot finish: then the WAL is what has to be on disk.
      if (database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy !== 0) {
        syncFile(`${file}-wal`)
        syncDirectory(dirname(file))
      }
      tell({ type: 'synced', position: written })
      return
    case 'close':
      database.close()
      tell({ type: 'closed' })
      port?.close()
  }
}

const projector = prepare()
if (projector !== undefined) {
  port.on('message', (message: ToWorker) => answer(projector, message))
  tell({ type: 'ready', uncleaned })
}
// The process may end without notice; what was compiled is written down now.
module.flushCompileCache()
