import type { Rig } from './rig.ts'

/** How much of everything. */
export interface Scale {
  readonly awakeables: number
  readonly timers: number
  /** Commands and notifications of one invocation. */
  readonly journalEntries: number
  readonly payloadBytes: number
  readonly keys: number
  readonly queuedPerKey: number
  /** The server may have no more resident than this, whatever a scenario allows. */
  readonly memoryBoundMiB: number
}

export const fullScale: Scale = {
  awakeables: 10_000,
  timers: 100_000,
  journalEntries: 5_000,
  payloadBytes: 10 * 1024 * 1024,
  keys: 1_000,
  queuedPerKey: 50,
  memoryBoundMiB: Number.POSITIVE_INFINITY,
}

/** A twentieth, for `npm test`. */
export const smallScale: Scale = {
  awakeables: 500,
  timers: 5_000,
  journalEntries: 250,
  payloadBytes: 512 * 1024,
  keys: 50,
  queuedPerKey: 50,
  memoryBoundMiB: 400,
}

/** What a scenario measured, in the order in which it is shown: `{ 'suspend all': '2.1 s' }`. */
export type Figures = Readonly<Record<string, string>>

/** Puts one kind of load on a fresh server, and checks what comes of it. Rejects when anything is wrong. */
export interface Scenario {
  readonly name: string
  /** The server may have no more resident than this at any time, at full scale. */
  readonly memoryBoundMiB: number
  run(rig: Rig, scale: Scale): Promise<Figures>
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

export function perSecond(count: number, ms: number): string {
  return `${Math.round((count / ms) * 1000)}/s`
}

/** Milliseconds since it was made, each time that it is called. */
export function stopwatch(): () => number {
  const startedAt = performance.now()
  return () => performance.now() - startedAt
}
