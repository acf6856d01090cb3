import { join } from 'node:path'
import type { Config } from './config/config.ts'
import { lockLogDirectory, openSegmentLog, type SegmentLog } from './log/segment-log.ts'
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
 * Takes the data directory, opens log and store side by side, and makes the state from both. What has been opened is put on
 * `closers`, also when this rejects.
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
  let failure: Error | undefined
  const fail = (error: Error): void => {
    if (failure !== undefined) return
    failure = error
    partition?.fail(error)
    onFatal(error)
  }
  const logDirectory = join(directory, 'log')
  // Before anything is touched, and until all of it is closed: another server may be at work there.
  const lock = await lockLogDirectory(logDirectory)
  closers.push(() => lock.release())
  const openingStore = Store.open({
    directory: join(directory, 'store'),
    checkpointIntervalMs: config.store.checkpointIntervalMs,
    onFolded: (position) => {
      partition?.onFolded(position)
      trimmer?.onFolded(position)
    },
    onFatal: fail,
    keys,
    onUncleaned: (reason) => log.error({ event: 'store-not-cleaned', reason, way: 'free space, then start again' }),
  })
  const openingLog = openSegmentLog({
    directory: logDirectory,
    segmentSizeBytes: config.log.segmentSizeBytes,
    onFatal: fail,
    keys,
    lock,
    knownDurable: openingStore.then((store) => store.position),
  })
  const [openedLog, openedStore] = await Promise.allSettled([openingLog, openingStore])
  if (openedLog.status === 'fulfilled') closers.push(() => openedLog.value.close())
  if (openedStore.status === 'fulfilled') closers.push(() => openedStore.value.close())
  // The log fails with the store, which knows better why.
  if (openedStore.status === 'rejected') throw openedStore.reason
  if (openedLog.status === 'rejected') throw openedLog.reason
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
  const madeTrimmer = new LogTrimmer(segmentLog, store, config.log.segmentSizeBytes, (error) => {
    log.error({ event: 'log-trim-failed', err: error })
  })
  if (failure !== undefined) throw failure
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
