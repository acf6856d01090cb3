/** What can be sent, stored and returned. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

/** Of a call or send from a handler. */
export interface CallOptions {
  readonly idempotencyKey?: string
  readonly delayMs?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** How a `ctx.run` retries its closure. */
export interface RunRetries {
  readonly maxRetryAttempts?: number
  readonly initialRetryInterval?: number
}

/** A step that the SDK answers with a promise of its own, so that it can also be combined. */
export type Awaited =
  | readonly ['run', name: string, value: Json]
  /** Closure that counts how often it has run for this server, and returns the count. */
  | readonly ['runMark', name: string]
  /** Closure that fails `times` times, then returns how often it was called. */
  | readonly ['runFlaky', name: string, times: number, retries?: RunRetries]
  | readonly ['runTerminal', name: string, code: number, message: string, metadata?: Readonly<Record<string, string>>]
  /** Closure that takes this long, not durably. */
  | readonly ['runFor', name: string, ms: number]
  /** Closure that asks for a pause the first time. */
  | readonly ['runPausing', name: string]
  | readonly ['sleep', ms: number]
  /** `target`: `Service/handler` or `Object/key/handler`. */
  | readonly ['call', target: string, program: Program, options?: CallOptions]
  /** The same for a handler that does not take a program. */
  | readonly ['callJson', target: string, argument: Json, options?: CallOptions]
  | readonly ['awakeable', variable: string]
  | readonly ['signal', name: string]
  | readonly ['promise', name: string]
  | readonly ['attach', invocation: string]
  | readonly ['cancellation']

/** One step of a handler. Text `$name` in an argument stands for the variable. */
export type Step =
  | Awaited
  | readonly ['value', Json]
  /** What the service process knows about this attempt; never the same twice, so only for the end of a program. */
  | readonly ['attempts']
  | readonly ['header', name: string]
  | readonly ['headers']
  | readonly ['id']
  | readonly ['target']
  | readonly ['uuid']
  | readonly ['version']
  /** Counts, not durably, each time that this step is executed. */
  | readonly ['mark', name: string]
  /** Waits, not durably, until the scenario opens the gate. */
  | readonly ['gate', name: string]
  | readonly ['fail', code: number, message: string, metadata?: Readonly<Record<string, string>>]
  /** Fails the attempt the first `times` times that it gets here. */
  | readonly ['crash', times: number, message: string]
  /** The same, and says when to try again. */
  | readonly ['retryAfter', times: number, ms: number]
  | readonly ['get', key: string]
  | readonly ['set', key: string, value: Json]
  | readonly ['clear', key: string]
  | readonly ['clearAll']
  | readonly ['keys']
  | readonly ['send', target: string, program: Program, options?: CallOptions]
  | readonly ['resolve', awakeable: string, value: Json]
  | readonly ['reject', awakeable: string, reason: string]
  | readonly ['signalTo', invocation: string, name: string, value: Json]
  | readonly ['rejectSignalTo', invocation: string, name: string, reason: string]
  | readonly ['peek', promise: string]
  | readonly ['resolvePromise', promise: string, value: Json]
  | readonly ['rejectPromise', promise: string, reason: string]
  | readonly ['cancel', invocation: string]
  /** Begins a step without waiting for it. */
  | readonly ['start', variable: string, step: Awaited]
  | readonly ['await', variable: string]
  | readonly ['orTimeout', variable: string, ms: number]
  | readonly ['all' | 'race' | 'any' | 'allSettled', variables: readonly string[]]
  /** Keeps the result of a step. */
  | readonly ['let', variable: string, step: Step]
  /** Runs steps; a terminal error becomes a value. */
  | readonly ['catch', program: Program]

/** What a handler does, one step after the other. It returns the list of their results. */
export type Program = readonly Step[]
