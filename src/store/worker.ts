import { closeSync, fdatasyncSync, openSync } from 'node:fs'
import module from 'node:module'
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { Projector } from './projector.ts'
import { FORMAT_VERSION, tables } from './tables.ts'

/** What the main thread says to the worker. */
export type ToWorker =
  /** Fold these batches and write them; they end at `position`. */
  | { readonly type: 'fold'; readonly position: number; readonly batches: readonly Uint8Array[] }
  /** Sync the database file, so that the log up to what is written may go. */
  | { readonly type: 'sync' }
  | { readonly type: 'close' }

/** What the worker says back. */
export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'folded'; readonly position: number }
  /** Everything up to `position` is on disk for good. */
  | { readonly type: 'synced'; readonly position: number }
  | { readonly type: 'closed' }

const port = parentPort
if (port === null) throw new Error('invariant: runs as a worker thread')
const { file } = workerData as { file: string }

const database = new DatabaseSync(file)
// The log is what must not be lost; the store only must not tear. WAL with NORMAL gives that for one sync a checkpoint.
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000')
database.exec(tables)
database.prepare('INSERT OR IGNORE INTO meta VALUES (?, ?)').run('format', FORMAT_VERSION)
const projector = new Projector(database)
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

port.on('message', (message: ToWorker) => {
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
      if (database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy !== 0) syncFile(`${file}-wal`)
      tell({ type: 'synced', position: written })
      return
    case 'close':
      database.close()
      tell({ type: 'closed' })
      port.close()
  }
})
tell({ type: 'ready' })
// The process may end without notice; what was compiled is written down now.
module.flushCompileCache()
