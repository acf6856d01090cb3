/** Runs `work` for 0 to `count` - 1, at most `limit` at once, starting in order. Rejects with the first error. */
export async function concurrently(count: number, limit: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: Math.min(count, limit) }, worker))
}
