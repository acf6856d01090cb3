const wireVarint = 0
const wireLengthDelimited = 2

const scratchBytes = 16 * 1024

/** Longest string whose UTF-8 form surely has a one-byte length: 3 bytes a UTF-16 unit. */
const shortStringUnits = 42

/** Kept between messages, so that a small message costs one exact allocation. Whoever writes owns it. */
let spare: Buffer | undefined

/**
 * Writes one protobuf message. Methods without `optional` follow proto3's implicit presence and leave out
 * zero and empty values; the `optional` ones write every value but `undefined`, also for members of a oneof.
 * Fields are to be written in rising order, as the peer and the SDKs do.
 */
export class WireWriter {
  #buffer: Buffer
  #position = 0

  constructor() {
    this.#buffer = spare ?? Buffer.allocUnsafeSlow(scratchBytes)
    spare = undefined
  }

  /** The finished message. The writer must not be used any more. */
  finish(): Buffer {
    // A buffer that grew is nearly of the message's size: hand it out instead of copying a large value again.
    if (this.#buffer.length > scratchBytes) return this.#buffer.subarray(0, this.#position)
    const message = Buffer.allocUnsafe(this.#position)
    this.#buffer.copy(message, 0, 0, this.#position)
    spare = this.#buffer
    return message
  }

  uint32(field: number, value: number): void {
    if (value !== 0) this.optionalUint32(field, value)
  }

  optionalUint32(field: number, value: number | undefined): void {
    if (value === undefined) return
    this.#reserve(10)
    this.#tag(field, wireVarint)
    this.#varint32(value >>> 0)
  }

  /** `value` is a whole number from 0 to 2^53-1. */
  uint64(field: number, value: number): void {
    if (value !== 0) this.optionalUint64(field, value)
  }

  /** `value` is a whole number from 0 to 2^53-1. */
  optionalUint64(field: number, value: number | undefined): void {
    if (value === undefined) return
    this.#reserve(15)
    this.#tag(field, wireVarint)
    let rest = value
    while (rest > 0xffffffff) {
      this.#byte((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.#varint32(rest)
  }

  /** For 64-bit values that are no quantity, such as seeds. */
  uint64BigInt(field: number, value: bigint): void {
    if (value === 0n) return
    this.#reserve(15)
    this.#tag(field, wireVarint)
    let low = Number(BigInt.asUintN(32, value))
    let high = Number(BigInt.asUintN(32, value >> 32n))
    while (high !== 0) {
      this.#byte((low & 0x7f) | 0x80)
      low = ((low >>> 7) | (high << 25)) >>> 0
      high >>>= 7
    }
    this.#varint32(low)
  }

  bool(field: number, value: boolean): void {
    if (value) this.optionalUint32(field, 1)
  }

  string(field: number, value: string): void {
    if (value !== '') this.optionalString(field, value)
  }

  optionalString(field: number, value: string | undefined): void {
    if (value === undefined) return
    if (value.length <= shortStringUnits) {
      this.#reserve(6 + value.length * 3)
      this.#tag(field, wireLengthDelimited)
      const written = this.#buffer.write(value, this.#position + 1, 'utf8')
      this.#byte(written)
      this.#position += written
      return
    }
    const length = Buffer.byteLength(value, 'utf8')
    this.#reserve(10 + length)
    this.#tag(field, wireLengthDelimited)
    this.#varint32(length)
    this.#position += this.#buffer.write(value, this.#position, 'utf8')
  }

  bytes(field: number, value: Uint8Array): void {
    if (value.length !== 0) this.optionalBytes(field, value)
  }

  optionalBytes(field: number, value: Uint8Array | undefined): void {
    if (value === undefined) return
    this.#reserve(10 + value.length)
    this.#tag(field, wireLengthDelimited)
    this.#varint32(value.length)
    this.#buffer.set(value, this.#position)
    this.#position += value.length
  }

  /** One element of `repeated string`: written even if empty. */
  repeatedString(field: number, values: readonly string[]): void {
    for (const value of values) this.optionalString(field, value)
  }

  /** One element of `repeated bytes`: written even if empty. */
  repeatedBytes(field: number, values: readonly Uint8Array[]): void {
    for (const value of values) this.optionalBytes(field, value)
  }

  packedUint32(field: number, values: readonly number[]): void {
    if (values.length === 0) return
    const mark = this.beginMessage(field)
    this.#reserve(values.length * 5)
    for (const value of values) this.#varint32(value >>> 0)
    this.endMessage(mark)
  }

  /** A submessage that is present and has no fields. */
  emptyMessage(field: number): void {
    this.messageHeader(field, 0)
  }

  /** Starts a submessage of known size; the caller then writes exactly `length` bytes of fields. */
  messageHeader(field: number, length: number): void {
    this.#reserve(10 + length)
    this.#tag(field, wireLengthDelimited)
    this.#varint32(length)
  }

  /** Starts a submessage; the result is for `endMessage`. */
  beginMessage(field: number): number {
    this.#reserve(6)
    this.#tag(field, wireLengthDelimited)
    this.#position += 1
    return this.#position
  }

  endMessage(mark: number): void {
    const length = this.#position - mark
    // One byte was left for the length; longer submessages of this kind are rare enough to be moved.
    const extra = varintBytes(length) - 1
    if (extra > 0) {
      this.#reserve(extra)
      this.#buffer.copyWithin(mark + extra, mark, this.#position)
    }
    this.#position = mark - 1
    this.#varint32(length)
    this.#position += length
  }

  #tag(field: number, wireType: number): void {
    this.#varint32(((field << 3) | wireType) >>> 0)
  }

  #varint32(value: number): void {
    let rest = value
    while (rest > 0x7f) {
      this.#buffer[this.#position++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#buffer[this.#position++] = rest
  }

  #byte(value: number): void {
    this.#buffer[this.#position++] = value
  }

  #reserve(bytes: number): void {
    const needed = this.#position + bytes
    if (needed <= this.#buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed + 1024, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#position)
    if (this.#buffer.length === scratchBytes) spare = this.#buffer
    this.#buffer = grown
  }
}

/** How many bytes a varint below 2^32 takes. */
export function varintBytes(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  if (value < 0x200000) return 3
  return value < 0x10000000 ? 4 : 5
}
