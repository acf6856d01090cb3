import type { InvocationId } from '../core/ids.ts'
import type { Completion, Waiting } from './partition-client.ts'

interface Caller {
  readonly resolve: (completion: Completion) => void
  readonly reject: (error: Error) => void
}

/** Callers outside the cluster that wait for results. They are lost in a restart; invocations are not. */
export class WaitingCallers {
  readonly #byInvocation = new Map<InvocationId, Set<Caller>>()
  #end: Error | undefined

  add(id: InvocationId): Waiting {
    let caller: Caller | undefined
    const completion = new Promise<Completion | undefined>((resolve, reject) => {
      if (this.#end !== undefined) {
        reject(this.#end)
        return
      }
      caller = { resolve, reject }
      const callers = this.#byInvocation.get(id)
      if (callers === undefined) this.#byInvocation.set(id, new Set([caller]))
      else callers.add(caller)
    })
    // A rejection is for whoever awaits it; that nobody does is no failure of the process.
    completion.catch(() => {})
    return {
      completion,
      cancel: () => {
        const callers = this.#byInvocation.get(id)
        if (callers === undefined || caller === undefined) return
        callers.delete(caller)
        if (callers.size === 0) this.#byInvocation.delete(id)
      },
    }
  }

  answer(id: InvocationId, completion: Completion): void {
    const callers = this.#byInvocation.get(id)
    if (callers === undefined) return
    this.#byInvocation.delete(id)
    for (const caller of callers) caller.resolve(completion)
  }

  /** Those who wait, and those who still come. */
  rejectAll(error: Error): void {
    this.#end ??= error
    for (const callers of this.#byInvocation.values()) for (const caller of callers) caller.reject(error)
    this.#byInvocation.clear()
  }
}
