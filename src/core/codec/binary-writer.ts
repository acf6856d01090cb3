/** Appends values to one growing buffer. Numbers are unsigned; `varint` takes whole numbers below 2^64, exact up to 2^53. */
export class BinaryWriter {
  #buffer: Buffer
  #length = 0

  constructor(initialBytes = 4096) {
    this.#buffer = Buffer.allocUnsafeSlow(initialBytes)
  }

  get length(): number {
    return this.#length
  }

  /** Hands over what was written, as a view of a buffer that the writer does not touch again. */
  take(): Buffer {
    const taken = this.#buffer.subarray(0, this.#length)
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(4096, Math.min(this.#length * 2, 1 << 20)))
    this.#length = 0
    return taken
  }

  u8(value: number): void {
    this.#reserve(1)
    this.#buffer[this.#length++] = value
  }

  varint(value: number): void {
    this.#reserve(10)
    let rest = value
    while (rest > 0x7f) {
      this.#buffer[this.#length++] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    this.#buffer[this.#length++] = rest
  }

  /** Milliseconds since epoch, six bytes. */
  time(value: number): void {
    this.#reserve(6)
    this.#buffer.writeUIntLE(value, this.#length, 6)
    this.#length += 6
  }

  bytes(value: Uint8Array): void {
    this.varint(value.length)
    this.#reserve(value.length)
    this.#buffer.set(value, this.#length)
    this.#length += value.length
  }

  text(value: string): void {
    // Three bytes a UTF-16 unit is the most that UTF-8 needs.
    const bound = value.length * 3
    if (bound < 128) {
      this.#reserve(bound + 1)
      const written = this.#buffer.write(value, this.#length + 1, 'utf8')
      this.#buffer[this.#length] = written
      this.#length += written + 1
      return
    }
    const size = Buffer.byteLength(value, 'utf8')
    this.varint(size)
    this.#reserve(size)
    this.#buffer.write(value, this.#length, 'utf8')
    this.#length += size
  }

  optional<T>(value: T | undefined, write: (value: T) => void): void {
    this.u8(value === undefined ? 0 : 1)
    if (value !== undefined) write(value)
  }

  list<T>(values: readonly T[], write: (value: T) => void): void {
    this.varint(values.length)
    for (const value of values) write(value)
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#length)
    this.#buffer = grown
  }
}
