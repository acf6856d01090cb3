import { defineError } from './perdure-error.ts'

/** Another server holds the directory of the log. */
export const LogInUse = defineError({ code: 'PERDURE_ERR_LOG_IN_USE', status: 500 })

/** The directory of the log cannot be created, listed, read or locked. */
export const LogUnavailable = defineError({ code: 'PERDURE_ERR_LOG_UNAVAILABLE', status: 500 })

/** A file in the directory of the log is not a segment of a log. */
export const LogForeignFile = defineError({ code: 'PERDURE_ERR_LOG_FOREIGN_FILE', status: 500 })

/** A segment has a format that this version does not know. */
export const LogVersionUnknown = defineError({ code: 'PERDURE_ERR_LOG_VERSION_UNKNOWN', status: 500 })

/** Segments do not follow each other without a gap. */
export const LogSegmentMissing = defineError({ code: 'PERDURE_ERR_LOG_SEGMENT_MISSING', status: 500 })

/** Bytes that were durable once are damaged. */
export const LogCorrupt = defineError({ code: 'PERDURE_ERR_LOG_CORRUPT', status: 500 })

/** A position was asked for that the log does not hold. */
export const LogPositionUnknown = defineError({ code: 'PERDURE_ERR_LOG_POSITION_UNKNOWN', status: 500 })

/** No space left for the log. */
export const LogDiskFull = defineError({ code: 'PERDURE_ERR_LOG_DISK_FULL', status: 500 })

/** A write to the log failed or was cut short, for another reason than space. */
export const LogWriteFailed = defineError({ code: 'PERDURE_ERR_LOG_WRITE_FAILED', status: 500 })

/** The disk did not confirm what was written. */
export const LogSyncFailed = defineError({ code: 'PERDURE_ERR_LOG_SYNC_FAILED', status: 500 })

/** The log is closed or closing. */
export const LogClosed = defineError({ code: 'PERDURE_ERR_LOG_CLOSED', status: 503 })

/** A batch is empty or larger than a record can be. */
export const LogBatchSizeInvalid = defineError({ code: 'PERDURE_ERR_LOG_BATCH_SIZE_INVALID', status: 500 })
