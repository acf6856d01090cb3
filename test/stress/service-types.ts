export interface ScheduleInput {
  /** Number of the first tick, and how many. */
  readonly first: number
  readonly count: number
  /** When tick 0 is due, ms since epoch; each further one is due `intervalMs` later. */
  readonly firstDueAt: number
  readonly intervalMs: number
}

export interface TickInput {
  readonly n: number
  readonly dueAt: number
}

export interface SleepResult {
  readonly latenessMs: number
}

export interface WalkInput {
  /** At least 100: they are timed by tenths. */
  readonly steps: number
}

export interface StepsInput {
  readonly count: number
  readonly bytes: number
}

export interface QueueResult {
  readonly appended: number
  readonly outOfOrder: number
}

/** What the handlers have seen. */
export interface ServiceReport {
  /** By number of the waiting invocation. */
  readonly awakeableIds: readonly (string | null)[]
  /** How often a tick ran. */
  readonly ticks: number
  /** By number of the tick, the first time that it ran. */
  readonly latenessMs: readonly (number | null)[]
  /** One list for each attempt: when it began, and when each tenth of its steps was done, ms since epoch. */
  readonly walks: readonly (readonly number[])[]
  /** Steps that ran more than once. */
  readonly repeatedSteps: number
  /** Lingering handlers that ran at the same time. */
  readonly mostAtOnce: number
}
