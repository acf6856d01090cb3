import type { Invocation } from '../core/invocation.ts'
import type { JournalEntry, NotificationResult } from '../core/journal.ts'
import { frameHeaderBytes } from '../protocol/frame.ts'

/** How much the first entries of a journal are. Grows along with the journal, so that no entry is looked at twice. */
export class JournalSize {
  readonly #invocation: Invocation
  /** Entries that have been counted. */
  length = 0
  /** Commands among them, the input included. */
  commands = 0
  /** About what they take on the wire. */
  bytes = 0

  constructor(invocation: Invocation, length: number) {
    this.#invocation = invocation
    this.growTo(length)
  }

  growTo(length: number): void {
    const { journal } = this.#invocation
    const end = Math.min(length, journal.length)
    for (; this.length < end; this.length++) {
      const entry = journal[this.length]
      if (entry === undefined) return
      if (entry.kind !== 'notification') this.commands++
      this.bytes += frameHeaderBytes + payloadBytes(entry)
    }
  }
}

function payloadBytes(entry: JournalEntry): number {
  switch (entry.kind) {
    case 'input': {
      let bytes = entry.body.length
      for (const [name, value] of entry.headers) bytes += name.length + value.length
      return bytes
    }
    case 'command':
      return entry.payload.length
    case 'notification':
      return resultBytes(entry.result)
  }
}

function resultBytes(result: NotificationResult): number {
  switch (result.kind) {
    case 'value':
      return result.value.length
    case 'failure':
      return result.failure.message.length
    case 'state-keys':
      return result.keys.reduce((bytes, key) => bytes + key.length, 0)
    case 'invocation-id':
      return result.invocationId.length
    case 'void':
      return 0
  }
}
