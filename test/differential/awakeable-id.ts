const alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** The id of an awakeable, made from the invocation that waits for it: it needs not be asked for. */
export function awakeableId(invocation: string, index: number): string {
  const bytes = Buffer.concat([
    fromBase62(invocation.slice(5, 16), 8),
    fromBase62(invocation.slice(16), 16),
    Buffer.alloc(4),
  ])
  bytes.writeUInt32BE(index, 24)
  return `sign_1${bytes.toString('base64url')}`
}

/** Each number is written with its bytes in little-endian order. */
function fromBase62(text: string, length: number): Buffer {
  let number = 0n
  for (const digit of text) number = number * 62n + BigInt(alphabet.indexOf(digit))
  return Buffer.from(number.toString(16).padStart(length * 2, '0'), 'hex').reverse()
}
