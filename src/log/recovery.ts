import { join } from 'node:path'
import { LogCorrupt, LogForeignFile, LogPositionUnknown, LogSegmentMissing } from '../errors/log.ts'
import { type KeyRing, requireKey } from '../sealing/key-ring.ts'
import { lockName, ownerName } from './directory-lock.ts'
import { syncFailure } from './disk-failure.ts'
import { ignoreMissing, type LogFiles } from './files.ts'
import { findProofOfDamage } from './record.ts'
import { RecordCursor } from './record-cursor.ts'
import { decodeSegmentHeader, positionInName, type SegmentHeader, segmentHeaderBytes } from './segment-header.ts'
import { newSegmentName, writeFully } from './segment-writer.ts'

export interface Segment {
  readonly path: string
  readonly header: SegmentHeader
  /** Position behind its last record. */
  readonly end: number
}

export interface RecoveredLog {
  readonly segments: readonly Segment[]
  readonly tail: number
  /** Of the last owner; 0 if there was none. */
  readonly epoch: number
  /** Bytes behind the tail that a crash left there and that were never acknowledged. */
  readonly bytesCut: number
}

/**
 * Checks every record in the directory, cuts what a crash has torn at the tail, and makes the rest durable.
 * Changes nothing if it refuses, as it does when `keys` lack the key of a segment, or when the log does not hold the position
 * `knownDurable`: then what looks like a torn tail was acknowledged once.
 * @throws LogForeignFile, LogVersionUnknown, LogSegmentMissing, LogPositionUnknown, LogCorrupt, SealingKeyMissing
 */
export async function recoverLog(
  files: LogFiles,
  directory: string,
  keys?: KeyRing,
  knownDurable?: Promise<number>,
): Promise<RecoveredLog> {
  const names = await listSegments(files, directory)
  const segments: Segment[] = []
  let last: ScannedSegment | undefined
  for (const [index, name] of names.entries()) {
    last = scanSegment(files, directory, name, last, names[index + 1])
    const { path, header, end } = last
    const hasRecords = end > header.firstPosition
    if (header.sealing !== undefined && hasRecords) requireKey(keys, header.sealing.keyId, `The log segment ${path}`)
    segments.push(last)
  }
  checkReach(directory, segments, await knownDurable)
  await files.remove(join(directory, newSegmentName)).catch(ignoreMissing)
  if (last === undefined) return { segments, tail: 0, epoch: 0, bytesCut: 0 }
  await repairTail(files, last)
  return { segments, tail: last.end, epoch: last.header.epoch, bytesCut: last.tornBytes }
}

/** The store is the other witness: what it has was in the log, and what it has not must still be there. */
function checkReach(directory: string, segments: readonly Segment[], needed: number | undefined): void {
  const start = segments[0]?.header.firstPosition ?? 0
  const tail = segments.at(-1)?.end ?? 0
  if (needed === undefined || (needed >= start && needed <= tail)) return
  const what =
    needed > tail
      ? `ends at position ${tail}, but the store has what was in it up to ${needed}: segments or the end of one are missing, ` +
        'or the log is older than the store'
      : `begins at position ${start}, but the store has only what came before ${needed}: the oldest segments are missing, ` +
        'or the store is older than the log'
  throw new LogPositionUnknown(
    `the log in ${directory} ${what}. Nothing has been changed. Put the missing files back, or restore the whole data ` +
      'directory, log and store, from one backup.',
  )
}

interface ScannedSegment extends Segment {
  /** Everything before it is known to be durable. */
  readonly durable: number
  readonly tornBytes: number
}

async function listSegments(files: LogFiles, directory: string): Promise<string[]> {
  const names = await files.list(directory)
  for (const name of names) {
    const known = name === lockName || name === ownerName || name === newSegmentName || name.startsWith('.')
    if (known || positionInName(name) !== undefined) continue
    throw new LogForeignFile(`${join(directory, name)} does not belong to a log. Move it out of the directory.`)
  }
  return names.filter((name) => positionInName(name) !== undefined).sort()
}

function scanSegment(
  files: LogFiles,
  directory: string,
  name: string,
  previous: Segment | undefined,
  nextName: string | undefined,
): ScannedSegment {
  const path = join(directory, name)
  const fd = files.openSync(path)
  try {
    const sizeBytes = files.sizeSync(fd)
    const headerBytes = Buffer.alloc(Math.min(segmentHeaderBytes, sizeBytes))
    files.readSync(fd, headerBytes, 0, headerBytes.length, 0)
    const header = decodeSegmentHeader(headerBytes, path)
    checkOrder(path, name, header, previous)
    const fileEnd = header.firstPosition + sizeBytes - segmentHeaderBytes
    const cursor = new RecordCursor(files, fd, header, header.firstPosition, fileEnd)
    while (cursor.next() !== undefined);
    const found = { path, header, end: cursor.position, durable: cursor.groupStart }
    if (nextName === undefined) return { ...found, tornBytes: checkTail(path, header, cursor) }
    // A segment is followed by another one when all of it is durable and nothing is allocated behind its records.
    if (cursor.position < fileEnd)
      throw damage(path, header, cursor.position, `the next segment, ${nextName}, was begun`)
    return { ...found, tornBytes: 0 }
  } finally {
    files.closeSync(fd)
  }
}

function checkOrder(path: string, name: string, header: SegmentHeader, previous: Segment | undefined): void {
  if (header.firstPosition !== positionInName(name)) {
    throw new LogForeignFile(
      `${path} has been renamed: its header says that it begins at position ${header.firstPosition}. Give it that name back.`,
    )
  }
  if (previous === undefined) return
  if (header.firstPosition !== previous.end) {
    throw new LogSegmentMissing(
      `the log segment ${previous.path} ends at position ${previous.end}, the next one, ${path}, begins at ` +
        `${header.firstPosition}. Restore the files between them, or the whole data directory, from a backup.`,
    )
  }
  if (header.epoch < previous.header.epoch) {
    throw new LogForeignFile(
      `${path} was written by owner epoch ${header.epoch}, before ${previous.path} (epoch ${previous.header.epoch}): ` +
        'they are of different logs. Restore the data directory from a backup.',
    )
  }
}

/** Returns how many bytes at the tail are torn. */
function checkTail(path: string, header: SegmentHeader, cursor: RecordCursor): number {
  const rest = cursor.rest()
  // Zeros are what is allocated ahead.
  const tornBytes = rest.findLastIndex((byte) => byte !== 0) + 1
  const proof = findProofOfDamage(rest, cursor.position, header.marker)
  if (proof === undefined) return tornBytes
  throw damage(path, header, cursor.position, `the record at byte ${fileOffset(header, proof)} was written`)
}

function damage(path: string, header: SegmentHeader, position: number, witness: string): Error {
  return new LogCorrupt(
    `the log segment ${path} is damaged at byte ${fileOffset(header, position)} (log position ${position}): there is no ` +
      `valid record, but there was a durable one when ${witness}. Nothing has been changed. Restore the data directory ` +
      'from a backup.',
  )
}

function fileOffset(header: SegmentHeader, position: number): number {
  return position - header.firstPosition + segmentHeaderBytes
}

/**
 * Ends the file behind its last valid record. The last group may have been read from the page cache alone, and
 * after a failed sync the cache calls it clean: it is written once more, so that the sync here has work to do.
 */
async function repairTail(files: LogFiles, last: ScannedSegment): Promise<void> {
  const fd = await files.open(last.path, 'r+')
  try {
    await files.truncate(fd, fileOffset(last.header, last.end))
    const group = new RecordCursor(files, fd, last.header, last.durable, last.end).rest()
    await writeFully(files, fd, last.path, [group], fileOffset(last.header, last.durable))
    await files.fsync(fd).catch((error: unknown) => {
      throw syncFailure(last.path, error)
    })
  } finally {
    await files.close(fd)
  }
}
