/** What a handler leaves in the memory of its process, apart for each server, because both servers use one process. */
export class ProcessMemory {
  readonly #counts = new Map<string, number>()
  readonly #open = new Set<string>()
  readonly #waiting = new Map<string, (() => void)[]>()

  /** Counts one more; returns how many there are now. */
  count(server: string, name: string): number {
    const counted = this.counted(server, name) + 1
    this.#counts.set(`${server} ${name}`, counted)
    return counted
  }

  counted(server: string, name: string): number {
    return this.#counts.get(`${server} ${name}`) ?? 0
  }

  /** Resolves when the gate is open; a gate once open stays so. */
  passGate(server: string, name: string): Promise<void> {
    const gate = `${server} ${name}`
    if (this.#open.has(gate)) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.set(gate, [...(this.#waiting.get(gate) ?? []), resolve]))
  }

  openGate(server: string, name: string): void {
    const gate = `${server} ${name}`
    this.#open.add(gate)
    for (const resolve of this.#waiting.get(gate) ?? []) resolve()
    this.#waiting.delete(gate)
  }
}
