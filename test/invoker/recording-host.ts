import type { AttemptCommand, AttemptHost } from '../../src/core/attempts.ts'
import { retain } from '../../src/invoker/retain.ts'

export interface Proposal {
  readonly attempt: number
  readonly command: AttemptCommand
  readonly durable: (() => void) | undefined
}

/** Writes down what attempts propose, and does nothing about it. */
export class RecordingHost implements AttemptHost {
  readonly proposals: Proposal[] = []
  /** When false, `propose` asks for a pause. */
  hasRoom = true
  readonly #drainListeners: (() => void)[] = []
  #onProposal: (() => void) | undefined

  propose(attempt: number, command: AttemptCommand, durable?: () => void): boolean {
    this.proposals.push({ attempt, command, durable })
    this.#onProposal?.()
    return this.hasRoom
  }

  onDrain(listener: () => void): void {
    this.#drainListeners.push(listener)
  }

  drain(): void {
    this.hasRoom = true
    for (const listener of this.#drainListeners) listener()
  }

  get commands(): AttemptCommand[] {
    return this.proposals.map((proposal) => proposal.command)
  }

  /** Waits until so many proposals have come, or fails after a while. */
  async atLeast(count: number, timeoutMs = 30_000): Promise<readonly Proposal[]> {
    const until = performance.now() + timeoutMs
    while (this.proposals.length < count) {
      const leftMs = until - performance.now()
      if (leftMs <= 0) {
        const seen = this.proposals.map(({ command }) => command.type).join(', ')
        throw new Error(`waited for ${count} proposals, got ${this.proposals.length}: ${seen}`)
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.#onProposal = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    return this.proposals
  }
}

/** One line for each command, as the tables of the tests have them. */
export function textOf(command: AttemptCommand): string {
  switch (command.type) {
    case 'append-entry':
      return `append ${command.entry.kind}`
    case 'propose-run':
      return `run ${command.completionId} ${command.result.kind}`
    case 'suspend': {
      const { completions, signals, namedSignals } = command.awaiting
      const awaited = [...completions, '/', ...signals, '/', ...namedSignals].join(' ')
      return `suspend ${awaited} seen ${command.awaiting.seenEntries}`
    }
    case 'end':
      return 'end'
    case 'fail-attempt': {
      const { failure, outcome, countsForHandler, countsForPolicy } = command
      const flags = `${countsForHandler ? '' : ' infra'}${countsForPolicy ? '' : ' own-delay'}`
      return `fail ${failure.code} ${failure.restateCode} ${outcome.kind}${flags}`
    }
  }
}

export function isRetained(bytes: Uint8Array): boolean {
  return retain(bytes) === bytes
}
