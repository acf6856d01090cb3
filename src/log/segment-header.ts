import { crc32 } from 'node:zlib'
import { LogCorrupt, LogForeignFile, LogVersionUnknown } from '../errors/log.ts'

/**
 * The first 64 bytes of a segment, integers little-endian: magic, u32 format version, u32 marker,
 * u64 first position, u64 epoch, u32 CRC-32 of all before, zeros.
 */
export interface SegmentHeader {
  /** Position of the segment's first record; also its file name. */
  readonly firstPosition: number
  /** The owner that wrote the segment. Each opening of the log is a new owner, with the next epoch. */
  readonly epoch: number
  /** The owner's random number; see record.ts. */
  readonly marker: number
}

export const segmentHeaderBytes = 64
export const segmentFormatVersion = 1

const magic = Buffer.from('PERDLOG\n', 'latin1')
const versionAt = 8
const markerAt = 12
const firstPositionAt = 16
const epochAt = 24
const crcAt = 32

const namePattern = /^\d{16}\.log$/

/** Sixteen decimal digits hold every position below 2^53; names sort as positions do. */
export function segmentName(firstPosition: number): string {
  return `${String(firstPosition).padStart(16, '0')}.log`
}

/** The position in a segment's file name; `undefined` if the file cannot be a segment. */
export function positionInName(name: string): number | undefined {
  return namePattern.test(name) ? Number(name.slice(0, 16)) : undefined
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes)
  magic.copy(bytes)
  bytes.writeUInt32LE(segmentFormatVersion, versionAt)
  bytes.writeUInt32LE(header.marker, markerAt)
  bytes.writeBigUInt64LE(BigInt(header.firstPosition), firstPositionAt)
  bytes.writeBigUInt64LE(BigInt(header.epoch), epochAt)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, crcAt)), crcAt)
  return bytes
}

/**
 * Decodes the header of the segment at `path`. A segment gets its name when its header is durable, so a
 * header is never legally torn.
 * @throws LogForeignFile, LogVersionUnknown, LogCorrupt
 */
export function decodeSegmentHeader(bytes: Buffer, path: string): SegmentHeader {
  if (!bytes.subarray(0, magic.length).equals(magic)) {
    throw new LogForeignFile(
      `${path} is not a log segment: it does not begin with "PERDLOG". Move it out of the directory.`,
    )
  }
  if (bytes.length < segmentHeaderBytes) {
    throw new LogCorrupt(
      `the log segment ${path} is damaged at byte ${bytes.length}: its header is cut off. Restore the file from a backup.`,
    )
  }
  const version = bytes.readUInt32LE(versionAt)
  if (version !== segmentFormatVersion) {
    throw new LogVersionUnknown(
      `the log segment ${path} has format version ${version}; this server knows version ${segmentFormatVersion}. ` +
        'Start the version of the server that wrote it.',
    )
  }
  if (crc32(bytes.subarray(0, crcAt)) !== bytes.readUInt32LE(crcAt)) {
    throw new LogCorrupt(
      `the log segment ${path} is damaged at byte 0: its header does not match its checksum. Restore the file from a backup.`,
    )
  }
  return {
    firstPosition: Number(bytes.readBigUInt64LE(firstPositionAt)),
    epoch: Number(bytes.readBigUInt64LE(epochAt)),
    marker: bytes.readUInt32LE(markerAt),
  }
}
