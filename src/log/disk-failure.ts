import { LogDiskFull, LogSyncFailed, LogWriteFailed } from '../errors/log.ts'
import type { PerdureError } from '../errors/perdure-error.ts'

const descriptorCodes: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE'])
const spaceCodes: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT'])

/** What to tell the operator when the system refused to create, write or name the segment at `path`. */
export function writeFailure(path: string, cause: unknown): PerdureError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (spaceCodes.has(code)) {
    return new LogDiskFull(
      `no space left to write the log segment ${path} (${code}). The server stops; everything that it has acknowledged ` +
        'is safe. Free space on this disk, then start it again.',
      { cause },
    )
  }
  if (descriptorCodes.has(code)) {
    return new LogWriteFailed(
      `cannot open the log segment ${path}: too many files and connections are open (${code}). The server stops; everything ` +
        'that it has acknowledged is safe. Raise the limit (ulimit -n, LimitNOFILE), or lower max-connections, then start it again.',
      { cause },
    )
  }
  return new LogWriteFailed(
    `cannot write the log segment ${path}: ${String(cause)}. The server stops; everything that it has acknowledged is ` +
      'safe. Check the disk, then start it again.',
    { cause },
  )
}

/** A regular file takes all of a write, unless the disk is full, a size limit is reached or the disk fails. */
export function shortWrite(path: string, written: number, bytes: number): PerdureError {
  return new LogWriteFailed(
    `the system wrote ${written} of ${bytes} bytes to the log segment ${path}: the disk or a quota is full, or a file ` +
      'size limit is reached. The server stops; everything that it has acknowledged is safe. Free space, then start it again.',
  )
}

/**
 * A sync that failed is never retried: the system may have dropped what it could not write and would confirm
 * the next sync without it.
 */
export function syncFailure(path: string, cause: unknown): PerdureError {
  if (cause instanceof Error && 'code' in cause && spaceCodes.has(cause.code)) return writeFailure(path, cause)
  return new LogSyncFailed(
    `the disk did not confirm what was written to the log segment ${path}: ${String(cause)}. The server stops and does not ` +
      'try again; everything that it has acknowledged is safe. Check the disk, then start it again.',
    { cause },
  )
}
