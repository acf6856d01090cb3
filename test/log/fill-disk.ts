import { type LogFiles, nodeFiles } from '../../src/log/files.ts'
import { openSegmentLog } from '../../src/log/segment-log.ts'
import { appendAll, batchesOf, numberedBatch, openLog } from './scratch-log.ts'

/** How a log fared on a disk that ran full and was freed. */
export interface FullDiskStory {
  /** Code and message of what stopped it. */
  readonly stopped: string
  /** Batches that were acknowledged before. */
  readonly durable: number
  /** What opening it said as long as the disk was full. */
  readonly reopened: string
  /** Batches that were found when there was space again. */
  readonly found: number
  /** Whether the ones that were acknowledged are the first of these. */
  readonly isKept: boolean
  /** Batches there after one more. */
  readonly inTheEnd: number
}

/** Appends to a log until the disk under it is full, and opens it again before and after `free` has made space. */
export async function fillDisk(
  directory: string,
  free: () => void,
  files: LogFiles = nodeFiles,
): Promise<FullDiskStory> {
  const failed = Promise.withResolvers<Error>()
  const log = await openSegmentLog({ directory, segmentSizeBytes: 100_000, files, onFatal: failed.resolve })
  let durable = 0
  const appendNext = (n: number) => {
    log.append(numberedBatch(n, 3000), () => {
      durable++
      appendNext(n + 1)
    })
  }
  appendNext(0)
  const stopped = textOf(await failed.promise)
  await log.close()
  const reopened = await openLog(directory, undefined, files).then(
    async (opened) => {
      await opened.close()
      return 'opened'
    },
    (error: unknown) => textOf(error),
  )
  free()
  await using again = await openLog(directory, undefined, files)
  const batches = batchesOf(again)
  await appendAll(again, [Buffer.from('on')])
  return {
    stopped,
    durable,
    reopened,
    found: batches.length,
    isKept:
      batches.length >= durable && batches.slice(0, durable).every((batch, n) => batch.equals(numberedBatch(n, 3000))),
    inTheEnd: batchesOf(again).length,
  }
}

function textOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? `${String(error.code)} ${error.message}` : String(error)
}
