/** Runs tasks one at a time, in the order in which they came, separately for each key. */
export class SerialQueue {
  readonly #tails = new Map<string, Promise<void>>()

  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key)
    const result = before === undefined ? task() : before.then(task)
    const tail = result.then(
      () => {},
      () => {},
    )
    this.#tails.set(key, tail)
    try {
      return await result
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key)
    }
  }

  /** Resolves when nothing that has been given so far is running or waiting. */
  async idle(): Promise<void> {
    await Promise.all(this.#tails.values())
  }
}
