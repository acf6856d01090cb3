const alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const digitCodes = Buffer.from(alphabet, 'latin1')

/** Digit of each ASCII code; 255 for those that are none. */
const digitOfCode = new Uint8Array(128).fill(255)
for (const [digit, code] of digitCodes.entries()) digitOfCode[code] = digit

/** The largest power of 62 for which `limb * power + carry` stays exact in a double. */
const groupDigits = 3
const groupPower = 62 ** groupDigits

/** 32-bit limbs of the number in work, lowest first; 128 bits are the most. */
const limbs = new Uint32Array(4)

/** Digits that hold any number of this many bytes. */
export function base62Width(byteLength: 8 | 16): number {
  return byteLength === 8 ? 11 : 22
}

/**
 * Writes the number that the bytes are, read little-endian, as base62 of fixed width (8 bytes: 11 digits, 16: 22),
 * padded with `0`, into `target`. Long division on 32-bit limbs: doubles are exact, no BigInt is made.
 */
export function writeBase62(bytes: Uint8Array, start: number, byteLength: 8 | 16, target: Buffer, at: number): void {
  const limbCount = byteLength / 4
  for (let limb = 0; limb < limbCount; limb++) limbs[limb] = readLimb(bytes, start + 4 * limb)
  let digitsLeft = base62Width(byteLength)
  while (digitsLeft > 0) {
    let rest = 0
    for (let limb = limbCount - 1; limb >= 0; limb--) {
      const dividend = rest * 0x1_0000_0000 + (limbs[limb] ?? 0)
      const quotient = Math.floor(dividend / groupPower)
      limbs[limb] = quotient
      rest = dividend - quotient * groupPower
    }
    for (let digit = 0; digit < groupDigits && digitsLeft > 0; digit++) {
      target[at + --digitsLeft] = digitCodes[rest % 62] ?? 0
      rest = Math.floor(rest / 62)
    }
  }
}

/**
 * The reverse: reads the digits at `at` of `text` into `target`. False if a character is no digit or the number
 * does not fit; `target` is then unchanged.
 */
export function readBase62(text: string, at: number, byteLength: 8 | 16, target: Uint8Array, start: number): boolean {
  const limbCount = byteLength / 4
  const end = at + base62Width(byteLength)
  limbs.fill(0)
  for (let position = at; position < end; ) {
    let group = 0
    let power = 1
    for (; power < groupPower && position < end; position++) {
      const digit = digitOfCode[text.charCodeAt(position)] ?? 255
      if (digit === 255) return false
      group = group * 62 + digit
      power *= 62
    }
    let carry = group
    for (let limb = 0; limb < limbCount; limb++) {
      const product = (limbs[limb] ?? 0) * power + carry
      carry = Math.floor(product / 0x1_0000_0000)
      limbs[limb] = product - carry * 0x1_0000_0000
    }
    if (carry !== 0) return false
  }
  for (let limb = 0; limb < limbCount; limb++) writeLimb(target, start + 4 * limb, limbs[limb] ?? 0)
  return true
}

function readLimb(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0
  )
}

function writeLimb(bytes: Uint8Array, at: number, limb: number): void {
  bytes[at] = limb & 0xff
  bytes[at + 1] = (limb >>> 8) & 0xff
  bytes[at + 2] = (limb >>> 16) & 0xff
  bytes[at + 3] = limb >>> 24
}
