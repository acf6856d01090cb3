/** Chunks that a response may have, however small they are. */
const freeChunks = 10_000

/** Beyond those, bytes that there must be for each on average. A message has 8 bytes at least. */
const minAverageBytes = 4

/** Counts the chunks of a response: a service that sends it byte by byte would keep the server busy with nothing. */
export class ChunkBudget {
  #chunks = 0
  #bytes = 0
  #isSpent = false

  /** False, from then on: there have been too many for what was in them. */
  take(bytes: number): boolean {
    this.#chunks++
    this.#bytes += bytes
    if (this.#chunks > freeChunks && this.#bytes < this.#chunks * minAverageBytes) this.#isSpent = true
    return !this.#isSpent
  }
}

/** What ends such a response. */
export function tooManyPieces(): Error {
  return new Error('the service sends its response in too many small pieces')
}
