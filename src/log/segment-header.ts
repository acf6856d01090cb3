import { crc32 } from 'node:zlib'
import { LogCorrupt, LogForeignFile, LogVersionUnknown } from '../errors/log.ts'
import { type SegmentSealing, saltBytes } from '../sealing/record-seal.ts'

/**
 * The first 64 bytes of a segment, integers little-endian: magic, u32 format version, u32 marker,
 * u64 first position, u64 epoch; in format version 2, whose records are sealed, 8 bytes key id and 16 bytes salt; u32 CRC-32 of
 * all before; zeros.
 */
export interface SegmentHeader {
  /** Position of the segment's first record; also its file name. */
  readonly firstPosition: number
  /** The owner that wrote the segment. Each opening of the log is a new owner, with the next epoch. */
  readonly epoch: number
  /** The owner's random number; see record.ts. */
  readonly marker: number
  /** How the records are sealed, if they are. */
  readonly sealing?: SegmentSealing
}

export const segmentHeaderBytes = 64
export const segmentFormatVersion = 1
export const sealedSegmentFormatVersion = 2

const magic = Buffer.from('PERDLOG\n', 'latin1')
const versionAt = 8
const markerAt = 12
const firstPositionAt = 16
const epochAt = 24
const crcAt = 32
const keyIdAt = 32
const saltAt = 40
const sealedCrcAt = 56

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
  const { sealing } = header
  bytes.writeUInt32LE(sealing === undefined ? segmentFormatVersion : sealedSegmentFormatVersion, versionAt)
  bytes.writeUInt32LE(header.marker, markerAt)
  bytes.writeBigUInt64LE(BigInt(header.firstPosition), firstPositionAt)
  bytes.writeBigUInt64LE(BigInt(header.epoch), epochAt)
  if (sealing !== undefined) {
    bytes.write(sealing.keyId, keyIdAt, 'hex')
    sealing.salt.copy(bytes, saltAt)
  }
  const endAt = sealing === undefined ? crcAt : sealedCrcAt
  bytes.writeUInt32LE(crc32(bytes.subarray(0, endAt)), endAt)
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
  const isSealed = version === sealedSegmentFormatVersion
  if (version !== segmentFormatVersion && !isSealed) {
    throw new LogVersionUnknown(
      `the log segment ${path} has format version ${version}; this server knows version ${segmentFormatVersion} and ` +
        `${sealedSegmentFormatVersion}. ` +
        'Start the version of the server that wrote it.',
    )
  }
  const endAt = isSealed ? sealedCrcAt : crcAt
  if (crc32(bytes.subarray(0, endAt)) !== bytes.readUInt32LE(endAt)) {
    throw new LogCorrupt(
      `the log segment ${path} is damaged at byte 0: its header does not match its checksum. Restore the file from a backup.`,
    )
  }
  return {
    firstPosition: Number(bytes.readBigUInt64LE(firstPositionAt)),
    epoch: Number(bytes.readBigUInt64LE(epochAt)),
    marker: bytes.readUInt32LE(markerAt),
    ...(isSealed && {
      sealing: {
        keyId: bytes.toString('hex', keyIdAt, saltAt),
        salt: Buffer.from(bytes.subarray(saltAt, saltAt + saltBytes)),
      },
    }),
  }
}
