import { join } from 'node:path'
import type { Config } from './config/config.ts'
import { openSegmentLog, type SegmentLog } from './log/segment-log.ts'
import { LogTrimmer } from './partition/log-trimmer.ts'
import { Partition } from './partition/partition.ts'
import { recover } from './partition/recovery.ts'
import { checkDataDirectory } from './sealing/data-directory.ts'
import { readKeyFile } from './sealing/key-file.ts'
import type { KeyRing } from './sealing/key-ring.ts'
import { Store } from './store/store.ts'
import type { Logger } from './telemetry/logger.ts'

export interface EngineOptions {
  readonly config: Config
  readonly log: Logger
  /** The disk has failed. */
  readonly onFatal: (error: Error) => void
}

/** What keeps the promises: log, store, and the partition that runs the core between them. */
export interface Engine {
  readonly directory: string
  readonly partition: Partition
  readonly segmentLog: SegmentLog
  readonly store: Store
  /** What log and store are sealed under, if they are. */
  readonly keys: KeyRing | undefined
}

/**
 * Opens log and store side by side and makes the state from both. What has been opened is put on `closers`, also
 * when this rejects.
 */
export async function openEngine(
  { config, log, onFatal }: EngineOptions,
  closers: (() => Promise<void>)[],
): Promise<Engine> {
  const directory = join(config.baseDir, config.nodeName)
  checkDataDirectory(directory)
  const keys = config.secrets.keyFile === undefined ? undefined : readKeyFile(config.secrets.keyFile)
  let partition: Partition | undefined
  let trimmer: LogTrimmer | undefined
  const openingLog = openSegmentLog({
    directory: join(directory, 'log'),
    segmentSizeBytes: config.log.segmentSizeBytes,
    onFatal,
    keys,
  })
  const openStore = () =>
    Store.open({
      directory: join(directory, 'store'),
      checkpointIntervalMs: config.store.checkpointIntervalMs,
      onFolded: (position) => {
        partition?.onFolded(position)
        trimmer?.onFolded(position)
      },
      onFatal,
      keys,
    })
  // Opening may seal what is there: the lock, which the log takes, must be ours before.
  const openingStore = keys === undefined ? openStore() : openingLog.then(openStore)
  const [openedLog, openedStore] = await Promise.allSettled([openingLog, openingStore])
  if (openedLog.status === 'fulfilled') closers.push(() => openedLog.value.close())
  if (openedStore.status === 'fulfilled') closers.push(() => openedStore.value.close())
  if (openedLog.status === 'rejected') throw openedLog.reason
  if (openedStore.status === 'rejected') throw openedStore.reason
  const segmentLog = openedLog.value
  const store = openedStore.value

  const { state, residency, replayedBatches } = recover(segmentLog, store, {
    expiresExactly: config.compatibility === 'strict',
  })
  log.info({ event: 'recovered', epoch: segmentLog.epoch, unfinished: state.hotCount, replayedBatches })
  if (segmentLog.recoveredBytesCut > 0) {
    log.warn({ event: 'log-tail-cut', bytes: segmentLog.recoveredBytesCut })
  }
  const made = new Partition({
    state,
    residency,
    log: segmentLog,
    store,
    now: Date.now,
    random: Math.random,
    maxPendingBytes: config.store.maxPendingBytes,
    cleanupIntervalMs: config.worker.cleanupIntervalMs,
  })
  const madeTrimmer = new LogTrimmer(segmentLog, store, config.log.segmentSizeBytes, onFatal)
  partition = made
  trimmer = madeTrimmer
  if (keys !== undefined) {
    log.info({ event: 'sealed', keyId: keys.current.id, otherKeyIds: keys.ids.slice(1) })
    if (segmentLog.holdsOtherThan(keys.current.id)) madeTrimmer.trimNow()
  }
  closers.push(
    () => madeTrimmer.close(),
    () => made.close(),
  )
  return { directory, partition: made, segmentLog, store, keys }
}
