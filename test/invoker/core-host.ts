import { randomBytes } from 'node:crypto'
import type { AttemptCommand, AttemptHost, AttemptRunner } from '../../src/core/attempts.ts'
import type { Command } from '../../src/core/commands/command.ts'
import { decide } from '../../src/core/decide.ts'
import type { Effect } from '../../src/core/effects.ts'
import type { InvocationId, InvocationSeq } from '../../src/core/ids.ts'
import type { Invocation, InvocationStatus, InvocationTarget } from '../../src/core/invocation.ts'
import { PartitionState } from '../../src/core/state.ts'
import { invocationIdFor } from '../../src/protocol/ids/derive-invocation-id.ts'
import { oneDayMs } from './samples.ts'

const noRunner: AttemptRunner = {
  start: () => undefined,
  notify: () => undefined,
  interrupt: () => undefined,
  abort: () => undefined,
}

/** The core without a log: what is decided counts as durable at the next turn of the event loop. */
export class CoreHost implements AttemptHost {
  readonly state = new PartitionState()
  /** Attempts by invocation, in order of their start. */
  readonly started: Invocation[] = []
  readonly failures: Extract<AttemptCommand, { type: 'fail-attempt' }>[] = []
  runner: AttemptRunner = noRunner
  readonly #attempts = new Map<InvocationSeq, number>()
  readonly #waiting = new Map<InvocationId, (invocation: Invocation) => void>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #lastAttempt = 0

  propose(attempt: number, command: AttemptCommand, durable?: () => void): boolean {
    if (this.#attempts.get(command.seq) !== attempt) return true
    if (command.type === 'fail-attempt') this.failures.push(command)
    if (command.type === 'suspend' || command.type === 'end' || command.type === 'fail-attempt') {
      this.#attempts.delete(command.seq)
    }
    this.decide(command, durable)
    return true
  }

  onDrain(): void {}

  decide(command: Command, durable?: () => void): void {
    const { effects } = decide(command, this.state)
    const later = effects.filter((effect) => {
      if (effect.type !== 'start-attempt' || !effect.first) return true
      this.#perform(effect)
      return false
    })
    setImmediate(() => {
      for (const effect of later) this.#perform(effect)
      durable?.()
    })
  }

  /** Runs one invocation and waits for its end. A body that is no bytes is sent as JSON. */
  call(service: string, handler: string, body: unknown, key?: string): Promise<Invocation> {
    const target = this.#targetOf(service, handler, key)
    const isWorkflowRun = target.handlerType === 'Workflow'
    const id = invocationIdFor({ service, handler, key, isWorkflowRun }, Date.now(), randomBytes(12))
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      this.decide({
        type: 'invoke',
        now: Date.now(),
        invocation: {
          id,
          target,
          source: { kind: 'ingress' },
          headers: [['content-type', 'application/json']],
          body: body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body)),
          idempotencyKey: undefined,
          executionTime: undefined,
          completionRetentionMs: oneDayMs,
          journalRetentionMs: oneDayMs,
        },
      })
    })
  }

  /** Waits until the newest invocation of a handler has such a status. */
  async until(handler: string, status: InvocationStatus): Promise<Invocation> {
    const deadline = performance.now() + 30_000
    for (;;) {
      const invocation = [...this.state.hot()].findLast((i) => i.target.handler === handler)
      if (invocation?.status === status) return invocation
      if (performance.now() > deadline) throw new Error(`${handler} is ${invocation?.status}, not ${status}`)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }

  attemptsOf(invocation: Invocation): number {
    return this.started.filter((started) => started.seq === invocation.seq).length
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #targetOf(service: string, handler: string, key: string | undefined): InvocationTarget {
    const resolved = this.state.schema.handler(service, handler)
    // A handler that nobody has registered is called as one of a plain service.
    const serviceType = resolved?.service.type ?? 'Service'
    return { service, handler, key, serviceType, handlerType: resolved?.handler.type ?? 'Stateless' }
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'start-attempt': {
        const { invocation, journalLength } = effect
        const attempt = ++this.#lastAttempt
        this.#attempts.set(invocation.seq, attempt)
        this.started.push(invocation)
        const { service, key } = invocation.target
        const state = key === undefined ? undefined : this.state.keyed(service, key).state
        this.runner.start({ invocation, attempt, journalLength, state })
        return
      }
      case 'notify':
        this.runner.notify(effect.invocation, effect.index)
        return
      case 'interrupt':
        this.runner.interrupt(effect.invocation.seq)
        return
      case 'abort':
        this.#attempts.delete(effect.invocation.seq)
        this.runner.abort(effect.invocation.seq)
        return
      case 'arm-timer': {
        const { timer } = effect
        const armed: NodeJS.Timeout = setTimeout(
          () => {
            this.#timers.delete(armed)
            this.decide({ type: 'fire-timer', now: Math.max(Date.now(), timer.at), timer })
          },
          Math.max(0, timer.at - Date.now()),
        )
        this.#timers.add(armed)
        return
      }
      case 'answer-waiting':
        this.#waiting.get(effect.invocation.id)?.(effect.invocation)
        this.#waiting.delete(effect.invocation.id)
    }
  }
}
