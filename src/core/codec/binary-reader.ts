/** Reads what BinaryWriter wrote. Input is trusted (the log checks sums), so a misfit is a broken invariant. */
export class BinaryReader {
  readonly #buffer: Buffer
  readonly #copies: boolean
  #offset = 0

  /** `copies`: byte values are copies, not views that keep the whole buffer in memory. */
  constructor(buffer: Buffer, copies: boolean) {
    this.#buffer = buffer
    this.#copies = copies
  }

  get done(): boolean {
    return this.#offset >= this.#buffer.length
  }

  u8(): number {
    const value = this.#buffer[this.#offset++]
    if (value === undefined) throw new Error('invariant: a record ends where a byte is expected')
    return value
  }

  varint(): number {
    let value = 0
    let factor = 1
    for (;;) {
      const byte = this.u8()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 128
    }
  }

  time(): number {
    const value = this.#buffer.readUIntLE(this.#offset, 6)
    this.#offset += 6
    return value
  }

  bytes(): Buffer {
    const view = this.#take(this.varint())
    return this.#copies ? Buffer.from(view) : view
  }

  text(): string {
    return this.#take(this.varint()).toString('utf8')
  }

  optional<T>(read: () => T): T | undefined {
    return this.u8() === 0 ? undefined : read()
  }

  list<T>(read: () => T): T[] {
    const count = this.varint()
    const values: T[] = []
    for (let index = 0; index < count; index += 1) values.push(read())
    return values
  }

  #take(length: number): Buffer {
    const end = this.#offset + length
    if (end > this.#buffer.length) throw new Error('invariant: a record ends inside a value')
    const view = this.#buffer.subarray(this.#offset, end)
    this.#offset = end
    return view
  }
}
