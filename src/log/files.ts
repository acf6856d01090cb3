import fs from 'node:fs'
import fsp from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { promisify } from 'node:util'

type Done = (error: NodeJS.ErrnoException | null) => void

/**
 * The file operations of the log, so that tests can fail each of them as a disk does. The two of the hot
 * path take callbacks; reading is synchronous because it happens before the server serves.
 */
export interface LogFiles {
  writev(
    fd: number,
    buffers: readonly Buffer[],
    position: number,
    done: (error: NodeJS.ErrnoException | null, written: number) => void,
  ): void
  fdatasync(fd: number, done: Done): void
  /** Creates the directory and its parents with mode 0700, durably; an existing one stays as it is. */
  makeDirectory(path: string): Promise<void>
  list(path: string): Promise<string[]>
  /** `w+` creates with mode 0600 or empties. */
  open(path: string, flags: 'r+' | 'w+'): Promise<number>
  close(fd: number): Promise<void>
  truncate(fd: number, sizeBytes: number): Promise<void>
  fsync(fd: number): Promise<void>
  /** Makes creations, renames and removals in a directory durable. */
  syncDirectory(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  openSync(path: string): number
  closeSync(fd: number): void
  sizeSync(fd: number): number
  readSync(fd: number, target: Buffer, offset: number, length: number, position: number): number
}

const open = promisify(fs.open)

/**
 * Writes of this size or less go to the page cache at once: that takes microseconds, and a trip to the thread pool,
 * which the sync behind it has to make anyway, takes longer.
 */
const directWriteBytes = 64 * 1024

export const nodeFiles: LogFiles = {
  writev(fd, buffers, position, done) {
    const bytes = buffers.reduce((sum, buffer) => sum + buffer.length, 0)
    if (bytes > directWriteBytes) {
      fs.writev(fd, buffers, position, done)
      return
    }
    let written: number
    try {
      written = fs.writevSync(fd, buffers, position)
    } catch (error) {
      done(error as NodeJS.ErrnoException, 0)
      return
    }
    done(null, written)
  },
  fdatasync: (fd, done) => fs.fdatasync(fd, done),
  async makeDirectory(path) {
    const firstMade = await fsp.mkdir(path, { recursive: true, mode: 0o700 })
    if (firstMade === undefined) return
    for (let made = resolve(path); made !== dirname(firstMade); made = dirname(made)) {
      await nodeFiles.syncDirectory(dirname(made))
    }
  },
  list: (path) => fsp.readdir(path),
  open: (path, flags) => open(path, flags, 0o600),
  close: promisify(fs.close),
  truncate: promisify(fs.ftruncate),
  fsync: promisify(fs.fsync),
  async syncDirectory(path) {
    // Windows cannot sync a directory, and does not need it.
    if (process.platform === 'win32') return
    const directory = await fsp.open(path, 'r')
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  },
  rename: fsp.rename,
  remove: fsp.unlink,
  openSync: (path) => fs.openSync(path, 'r'),
  closeSync: fs.closeSync,
  sizeSync: (fd) => fs.fstatSync(fd).size,
  readSync: (fd, target, offset, length, position) => fs.readSync(fd, target, offset, length, position),
}

/** For removing what may be gone already. */
export function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
}
