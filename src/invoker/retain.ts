/**
 * The bytes for keeping. A small view would hold the whole chunk that it was cut from, so it is copied; what fills
 * most of its buffer is kept as it is.
 */
export function retain(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength * 2 >= bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
}
