import { fstatSync, statSync } from 'node:fs'
import { type LogFiles, nodeFiles } from '../../src/log/files.ts'

/** File operations on a disk that ends after so many bytes: as the kernel does, it cuts the last write short, and refuses the next. */
export class SmallDisk {
  #freeBytes: number

  constructor(sizeBytes: number) {
    this.#freeBytes = sizeBytes
  }

  /** Something else on it is removed. */
  free(bytes: number): void {
    this.#freeBytes += bytes
  }

  readonly files: LogFiles = {
    ...nodeFiles,
    writev: (fd, buffers, position, done) => {
      const all = Buffer.concat(buffers)
      const before = fstatSync(fd).size
      const fitting = Math.min(all.length, Math.max(before - position, 0) + this.#freeBytes)
      if (fitting === 0) {
        process.nextTick(done, Object.assign(new Error('ENOSPC: the small disk is full'), { code: 'ENOSPC' }), 0)
        return
      }
      this.#freeBytes -= Math.max(position + fitting - before, 0)
      nodeFiles.writev(fd, [all.subarray(0, fitting)], position, done)
    },
    truncate: (fd, sizeBytes) => {
      this.free(Math.max(fstatSync(fd).size - sizeBytes, 0))
      return nodeFiles.truncate(fd, sizeBytes)
    },
    open: (path, flags) => {
      if (flags === 'w+') this.free(statSync(path, { throwIfNoEntry: false })?.size ?? 0)
      return nodeFiles.open(path, flags)
    },
    remove: (path) => {
      this.free(statSync(path, { throwIfNoEntry: false })?.size ?? 0)
      return nodeFiles.remove(path)
    },
  }
}
