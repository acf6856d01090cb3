import { key } from '../key.ts'
import { byteSize, positiveDuration } from '../scalar-types.ts'

const MIB = 1024 * 1024

export const logKeys = {
  segmentSize: key({
    path: 'log.segment-size',
    from: 'perdure',
    type: byteSize(1024, 1024 ** 4),
    default: 64 * MIB,
    description: 'A segment of the log is closed when it has reached this size.',
  }),
}

export const storeKeys = {
  checkpointInterval: key({
    path: 'store.checkpoint-interval',
    from: 'perdure',
    type: positiveDuration,
    default: 200,
    description: 'How often the log is folded into the store, when there is something to fold.',
  }),
  maxPendingBytes: key({
    path: 'store.max-pending-bytes',
    from: 'perdure',
    type: byteSize(1024),
    default: 64 * MIB,
    description: 'Log bytes that may wait for the store; past it new work waits.',
  }),
}
