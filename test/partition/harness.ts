import type { Test } from 'tap'
import type { AttemptCommand, AttemptOrder, AttemptRunner } from '../../src/core/attempts.ts'
import type { Invocation } from '../../src/core/invocation.ts'
import type { Log } from '../../src/log/log.ts'
import { Partition } from '../../src/partition/partition.ts'
import { recover } from '../../src/partition/recovery.ts'
import { Store } from '../../src/store/store.ts'
import { bytes, deployment } from '../core/fixtures.ts'

/** Records what it is told to run. */
export class RecordingRunner implements AttemptRunner {
  readonly orders: AttemptOrder[] = []
  readonly notified: { readonly id: string; readonly index: number }[] = []

  start(order: AttemptOrder): void {
    this.orders.push(order)
  }

  notify(invocation: Invocation, index: number): void {
    this.notified.push({ id: invocation.id, index })
  }

  interrupt(): void {}

  abort(): void {}

  /** The newest order for this invocation. */
  last(id: string): AttemptOrder {
    const order = this.orders.findLast((o) => o.invocation.id === id)
    if (order === undefined) throw new Error(`no attempt of ${id}`)
    return order
  }
}

export interface Running {
  readonly partition: Partition
  readonly store: Store
  readonly runner: RecordingRunner
  close(): Promise<void>
}

export async function startPartition(
  t: Test,
  log: Log,
  directory: string,
  overrides: {
    maxPendingBytes?: number
    cleanupIntervalMs?: number
    now?: () => number
    expiresExactly?: boolean
  } = {},
): Promise<Running> {
  let partition: Partition | undefined
  const store = await Store.open({
    directory,
    checkpointIntervalMs: 5,
    onFolded: (position) => partition?.onFolded(position),
    onFatal: (error) => t.fail(error.message),
  })
  const { state, residency } = recover(log, store, { expiresExactly: overrides.expiresExactly ?? true })
  partition = new Partition({
    state,
    residency,
    log,
    store,
    now: overrides.now ?? Date.now,
    random: () => 0,
    maxPendingBytes: overrides.maxPendingBytes ?? 1 << 20,
    cleanupIntervalMs: overrides.cleanupIntervalMs ?? 3_600_000,
  })
  const runner = new RecordingRunner()
  partition.start(runner)
  const started = partition
  let closed: Promise<void> | undefined
  const close = async () => {
    await started.close()
    await store.close()
  }
  const running: Running = {
    partition,
    store,
    runner,
    close: () => {
      closed ??= close()
      return closed
    },
  }
  t.teardown(() => running.close())
  return running
}

type Said = AttemptCommand extends infer C ? (C extends unknown ? Omit<C, 'seq' | 'now' | 'deployment'> : never) : never

/** What a service would say in this attempt. */
export function say(running: Running, id: string, ...commands: Said[]): boolean {
  const { attempt, invocation } = running.runner.last(id)
  let isOpen = true
  for (const command of commands) {
    const full = { deployment, ...command, seq: invocation.seq, now: Date.now() } as AttemptCommand
    isOpen = running.partition.propose(attempt, full)
  }
  return isOpen
}

export const output = (text: string) => {
  const payload = bytes(text)
  return {
    type: 'append-entry',
    payload,
    entry: { kind: 'output', result: { kind: 'value', value: payload } },
  } as const
}

export const end = { type: 'end' } as const

export const sleep = (completionId: number, wakeUpAt: number) =>
  ({ type: 'append-entry', payload: bytes('sleep'), entry: { kind: 'sleep', completionId, wakeUpAt } }) as const

export const suspend = (...completions: number[]) =>
  ({ type: 'suspend', awaiting: { completions, signals: [1], namedSignals: [], seenEntries: 0 } }) as const

export const fail = (at: number) =>
  ({
    type: 'fail-attempt',
    failure: { code: 500, message: 'boom' },
    countsForHandler: true,
    countsForPolicy: true,
    outcome: { kind: 'retry', at },
  }) as const

export const tick = () => new Promise((resolve) => setImmediate(resolve))

export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
