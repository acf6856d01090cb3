import { closeSync, openSync, writeSync } from 'node:fs'
import { type LogFiles, nodeFiles } from '../../src/log/files.ts'

const sectorBytes = 512

interface UnsyncedWrite {
  readonly fd: number
  readonly at: number
  readonly bytes: Buffer
}

/**
 * A disk with a cache that loses power: what is written reaches the file only with a sync. `lose` lets an arbitrary
 * part of the sectors of unsynced writes through, as a real one may.
 */
export class PowerLossFiles {
  readonly files: LogFiles
  /** Syncs do not return while this is set. */
  holdSyncs = false
  #held: ((error: NodeJS.ErrnoException | null) => void)[] = []
  #unsynced: UnsyncedWrite[] = []

  constructor() {
    this.files = {
      ...nodeFiles,
      writev: (fd, buffers, at, done) => {
        const bytes = Buffer.concat(buffers)
        this.#unsynced.push({ fd, at, bytes })
        setImmediate(() => done(null, bytes.length))
      },
      fdatasync: (fd, done) => {
        if (this.holdSyncs) {
          this.#held.push(done)
          return
        }
        this.#apply(fd)
        nodeFiles.fdatasync(fd, done)
      },
      fsync: (fd) => {
        this.#apply(fd)
        return nodeFiles.fsync(fd)
      },
    }
  }

  get heldSyncs(): number {
    return this.#held.length
  }

  /** Ends the held syncs, so that the log can be closed. */
  failHeldSyncs(): void {
    for (const done of this.#held.splice(0)) done(Object.assign(new Error('EIO: power lost'), { code: 'EIO' }))
  }

  /** Lets those sectors of the unsynced writes to the file at `path` through that `survives` picks. */
  lose(path: string, survives: (sector: number) => boolean): void {
    const fd = openSync(path, 'r+')
    let sector = 0
    for (const { at, bytes } of this.#unsynced) {
      for (let from = 0; from < bytes.length; ) {
        // Sectors are those of the disk, not of the write.
        const to = Math.min(bytes.length, from + sectorBytes - ((at + from) % sectorBytes))
        if (survives(sector++)) writeSync(fd, bytes, from, to - from, at + from)
        from = to
      }
    }
    closeSync(fd)
    this.#unsynced = []
  }

  #apply(fd: number): void {
    for (const write of this.#unsynced) {
      if (write.fd === fd) writeSync(fd, write.bytes, 0, write.bytes.length, write.at)
    }
    this.#unsynced = this.#unsynced.filter((write) => write.fd !== fd)
  }
}
