/** Of the class that Node 24 has built in, what the tests use. */
class PlainAsyncDisposableStack implements AsyncDisposable {
  #deferred: (() => unknown)[] = []

  defer(run: () => unknown): void {
    this.#deferred.push(run)
  }

  move(): PlainAsyncDisposableStack {
    const moved = new PlainAsyncDisposableStack()
    moved.#deferred = this.#deferred
    this.#deferred = []
    return moved
  }

  async disposeAsync(): Promise<void> {
    const errors: unknown[] = []
    for (let run = this.#deferred.pop(); run !== undefined; run = this.#deferred.pop()) {
      try {
        await run()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors.length === 1 ? errors[0] : new AggregateError(errors)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disposeAsync()
  }
}

if (!('AsyncDisposableStack' in globalThis)) Reflect.set(globalThis, 'AsyncDisposableStack', PlainAsyncDisposableStack)
