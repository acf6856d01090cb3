import { isUtf8 } from 'node:buffer'
import { ProtocolMalformed } from '../errors/protocol.ts'

const wireVarint = 0
const wireFixed64 = 1
const wireLengthDelimited = 2
const wireFixed32 = 5

/**
 * Elements of repeated fields that one message may have in all. An element may take two bytes on the wire and a
 * hundred in memory, so the size limit of frames alone does not bound what a message costs.
 */
export const maxRepeatedElements = 262_144

/**
 * Reads one protobuf message from a view, field by field: `while (reader.next()) switch (reader.field) …`, with
 * `skip` for the fields that are not known. Bytes come out as views onto the payload. Everything that is not
 * well-formed throws `ProtocolMalformed`: cut-off input, lengths past the end, varints of more than 64 bits, a
 * known field with another wire type, groups (proto3 has none), text that is not UTF-8.
 *
 * A field or a member of a oneof that comes twice: the last one counts.
 */
export class WireReader {
  /** Number of the field that `next` has found. */
  field = 0
  readonly #buffer: Buffer
  readonly #subject: string
  readonly #end: number
  readonly #root: WireReader
  #position: number
  #wireType = 0
  #elements = 0

  /** `subject` is the message's name, for errors. The other arguments are for submessages. */
  constructor(payload: Uint8Array, subject: string, start = 0, end = payload.length, root?: WireReader) {
    this.#buffer = Buffer.isBuffer(payload)
      ? payload
      : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
    this.#subject = subject
    this.#position = start
    this.#end = end
    this.#root = root ?? this
  }

  /** Goes to the next field; false at the end of the message. */
  next(): boolean {
    if (this.#position >= this.#end) return false
    const first = this.#buffer[this.#position] ?? 0
    let tag = first
    if (first < 0x80) this.#position += 1
    else {
      const start = this.#position
      tag = this.#varint32()
      const bytes = this.#position - start
      if (bytes > 5 || (bytes === 5 && (this.#buffer[start + 4] ?? 0) > 0x0f)) {
        this.#fail('a field tag has more than 32 bits')
      }
    }
    this.field = tag >>> 3
    this.#wireType = tag & 7
    if (this.field === 0) this.#fail('field number 0')
    return true
  }

  uint32(): number {
    this.#expect(wireVarint)
    return this.#varint32()
  }

  /**
   * A quantity of up to 64 bits. Values past 2^53-1 saturate: these fields are times in milliseconds, and that
   * is the year 287396.
   */
  uint64(): number {
    this.#expect(wireVarint)
    let value = 0
    let scale = 1
    for (let at = 0; at < 10; at++) {
      const byte = this.#byte()
      if (at === 9 && byte > 1) break
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return Math.min(value, Number.MAX_SAFE_INTEGER)
      scale *= 0x80
    }
    return this.#fail(`field ${this.field} has a varint of more than 64 bits`)
  }

  /** For 64-bit values that are no quantity, such as seeds. */
  uint64BigInt(): bigint {
    this.#expect(wireVarint)
    let value = 0n
    for (let at = 0; at < 10; at++) {
      const byte = this.#byte()
      if (at === 9 && byte > 1) break
      value |= BigInt(byte & 0x7f) << BigInt(7 * at)
      if (byte < 0x80) return value
    }
    return this.#fail(`field ${this.field} has a varint of more than 64 bits`)
  }

  bool(): boolean {
    return this.uint64() !== 0
  }

  string(): string {
    const start = this.#delimited()
    const text = this.#buffer.toString('utf8', start, this.#position)
    // Decoding puts U+FFFD where bytes are wrong; only then is it worth asking whether it was there before.
    if (text.includes('\ufffd') && !isUtf8(this.#buffer.subarray(start, this.#position))) {
      this.#fail(`field ${this.field} is not UTF-8`)
    }
    return text
  }

  /** A view onto the payload. */
  bytes(): Buffer {
    const start = this.#delimited()
    return this.#buffer.subarray(start, this.#position)
  }

  /** A reader for the submessage in this field. `subject` names it in errors. */
  message(subject: string): WireReader {
    const start = this.#delimited()
    return new WireReader(this.#buffer, `${this.#root.#subject}.${subject}`, start, this.#position, this.#root)
  }

  /** A `Void`: a submessage whose fields, if it has any, say nothing. */
  void(): void {
    const reader = this.message('Void')
    while (reader.next()) reader.skip()
  }

  /** Adds the numbers of this field to `list`: packed, or one of those that are not. */
  uint32List(list: number[]): void {
    if (this.#wireType === wireVarint) {
      this.countElement()
      list.push(this.#varint32())
      return
    }
    const start = this.#delimited()
    const end = this.#position
    this.#position = start
    while (this.#position < end) {
      this.countElement()
      list.push(this.#varint32())
    }
    if (this.#position !== end) this.#fail(`field ${this.field} has a packed varint that is cut off`)
  }

  /** To be called for each element of a repeated field before it is kept. */
  countElement(): void {
    this.#root.#elements += 1
    if (this.#root.#elements > maxRepeatedElements) {
      this.#fail(`more than ${maxRepeatedElements} elements in repeated fields`)
    }
  }

  /** Passes over a field that is not known. */
  skip(): void {
    switch (this.#wireType) {
      case wireVarint:
        this.#varint32()
        return
      case wireFixed64:
        this.#advance(8)
        return
      case wireLengthDelimited:
        this.#delimited()
        return
      case wireFixed32:
        this.#advance(4)
        return
      default:
        this.#fail(`field ${this.field} has wire type ${this.#wireType}, which proto3 does not use`)
    }
  }

  /** Refuses the message because of what it lacks or says. */
  refuse(why: string): never {
    return this.#fail(why)
  }

  #expect(wireType: number): void {
    if (this.#wireType !== wireType) {
      this.#fail(`field ${this.field} has wire type ${this.#wireType}, expected ${wireType}`)
    }
  }

  /** Moves behind a length-delimited value and returns where it starts. */
  #delimited(): number {
    this.#expect(wireLengthDelimited)
    const length = this.#length()
    const start = this.#position
    this.#advance(length)
    return start
  }

  /** Unlike other numbers, a length must not be cut to 32 bits: 2^32 is not 0. */
  #length(): number {
    const first = this.#buffer[this.#position] ?? 0
    if (first < 0x80 && this.#position < this.#end) {
      this.#position += 1
      return first
    }
    let value = 0
    let scale = 1
    for (let at = 0; at < 10; at++) {
      const byte = this.#byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
    return this.#fail(`field ${this.field} has a length of more than 64 bits`)
  }

  /** Reads a varint of up to 64 bits and keeps the low 32, as protobuf does for uint32. */
  #varint32(): number {
    let value = 0
    for (let at = 0; at < 10; at++) {
      const byte = this.#byte()
      if (at === 9 && byte > 1) break
      if (at < 5) value |= (byte & 0x7f) << (7 * at)
      if (byte < 0x80) return value >>> 0
    }
    return this.#fail(`field ${this.field} has a varint of more than 64 bits`)
  }

  #byte(): number {
    if (this.#position >= this.#end) this.#fail(`cut off in or behind field ${this.field}`)
    return this.#buffer[this.#position++] ?? 0
  }

  #advance(bytes: number): void {
    const left = this.#end - this.#position
    if (bytes > left) this.#fail(`field ${this.field} needs ${bytes} bytes, ${left} are left`)
    this.#position += bytes
  }

  #fail(what: string): never {
    throw new ProtocolMalformed(`malformed ${this.#subject} message: ${what}`)
  }
}
