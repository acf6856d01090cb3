const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const ulidDigits = 26

/** A ULID is 16 bytes: 48 bits of milliseconds since epoch, big-endian, and 80 random bits. */
export const ulidBytes = 16
export const ulidRandomBytes = 10

/** Writes a ULID into `target`; the first ten bytes of `random` are used. */
export function writeUlid(target: Buffer, at: number, nowMs: number, random: Uint8Array): void {
  target.writeUIntBE(nowMs, at, 6)
  target.set(random.subarray(0, ulidRandomBytes), at + 6)
}

/** The usual text of a ULID: 26 characters of Crockford's base32, which sort like the bytes. */
export function newUlid(nowMs: number, random: Uint8Array): string {
  const bytes = Buffer.allocUnsafe(ulidBytes)
  writeUlid(bytes, 0, nowMs, random)
  return formatUlid(bytes)
}

export function formatUlid(bytes: Uint8Array): string {
  let text = ''
  // 26 digits are 130 bits: the number is read as if two zero bits stood before it.
  let bits = 0
  let bitCount = 2
  for (let at = 0; at < ulidBytes; at++) {
    bits = ((bits << 8) | (bytes[at] ?? 0)) & 0xfff
    bitCount += 8
    while (bitCount >= 5) {
      bitCount -= 5
      text += crockford[(bits >>> bitCount) & 31]
    }
  }
  return text.slice(0, ulidDigits)
}
