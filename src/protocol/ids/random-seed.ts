/** v0 to v3 of SipHash with a zero key, each as low and high half. */
const initial = [
  0x70736575, 0x736f6d65, 0x6e646f6d, 0x646f7261, 0x6e657261, 0x6c796765, 0x79746573, 0x74656462,
] as const

const state = new Int32Array(8)
const v0 = 0
const v1 = 2
const v2 = 4
const v3 = 6

/**
 * The seed of an invocation's random numbers: SipHash-1-3 with a zero key over the length (u64, little-endian) and
 * the 24 bytes of its id. 64-bit words are worked on as two halves.
 */
export function randomSeedOf(id: Uint8Array): bigint {
  state.set(initial)
  absorb(id.length, 0)
  for (let at = 0; at < id.length; at += 8) absorb(word(id, at), word(id, at + 4))
  // The last word holds the rest of the input, of which there is none, and its length in the top byte.
  absorb(0, (id.length + 8) << 24)
  state[v2] = (state[v2] ?? 0) ^ 0xff
  round()
  round()
  round()
  const low = part(v0) ^ part(v1) ^ part(v2) ^ part(v3)
  const high = part(v0 + 1) ^ part(v1 + 1) ^ part(v2 + 1) ^ part(v3 + 1)
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
}

function absorb(low: number, high: number): void {
  state[v3] = part(v3) ^ low
  state[v3 + 1] = part(v3 + 1) ^ high
  round()
  state[v0] = part(v0) ^ low
  state[v0 + 1] = part(v0 + 1) ^ high
}

function round(): void {
  mix(v0, v1, 13)
  swapHalves(v0)
  mix(v2, v3, 16)
  mix(v0, v3, 21)
  mix(v2, v1, 17)
  swapHalves(v2)
}

/** a += b; b = (b rotated left) ^ a. All rotations of SipHash but the half swap are by less than 32. */
function mix(a: number, b: number, rotation: number): void {
  const bLow = part(b)
  const bHigh = part(b + 1)
  const sumLow = (part(a) >>> 0) + (bLow >>> 0)
  state[a] = sumLow
  state[a + 1] = part(a + 1) + bHigh + (sumLow > 0xffffffff ? 1 : 0)
  state[b] = ((bLow << rotation) | (bHigh >>> (32 - rotation))) ^ part(a)
  state[b + 1] = ((bHigh << rotation) | (bLow >>> (32 - rotation))) ^ part(a + 1)
}

function swapHalves(a: number): void {
  const low = part(a)
  state[a] = part(a + 1)
  state[a + 1] = low
}

function part(index: number): number {
  return state[index] ?? 0
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)
}
