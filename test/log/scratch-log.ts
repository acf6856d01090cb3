import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogFiles } from '../../src/log/files.ts'
import { openSegmentLog, type SegmentLog } from '../../src/log/segment-log.ts'

interface Teardown {
  teardown(clean: () => void | Promise<void>): void
}

/** A directory that is removed when the test ends. */
export function scratchDirectory(t: Teardown): string {
  const directory = mkdtempSync(join(tmpdir(), 'perdure-log-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Opens a log that is not expected to fail. */
export function openLog(directory: string, segmentSizeBytes = 1 << 20, files?: LogFiles): Promise<SegmentLog> {
  const onFatal = (error: Error) => {
    throw error
  }
  return openSegmentLog({ directory, segmentSizeBytes, onFatal, ...(files === undefined ? {} : { files }) })
}

/** Appends all in one tick; resolves when the last is durable. */
export function appendAll(log: SegmentLog, batches: readonly Buffer[]): Promise<number[]> {
  const positions: number[] = []
  return new Promise((resolve) => {
    for (const batch of batches) {
      log.append(batch, (position) => {
        positions.push(position)
        if (positions.length === batches.length) resolve(positions)
      })
    }
    if (batches.length === 0) resolve(positions)
  })
}

export function batchesOf(log: SegmentLog, from = log.start): Buffer[] {
  return [...log.read(from)].map((record) => record.batch)
}

/** Bytes that differ from one number to the next. */
export function numberedBatch(number: number, size: number): Buffer {
  const batch = Buffer.alloc(size)
  for (let i = 0; i < size; i++) batch[i] = (number * 31 + i * 7 + 1) & 0xff
  return batch
}

export function segmentsIn(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.log'))
    .sort()
}

/** What another machine would find on the disk now. */
export function copySegments(from: string, to: string): void {
  for (const name of segmentsIn(from)) copyFileSync(join(from, name), join(to, name))
}
