/** What only the invoker knows: an attempt that runs, or the last one of an invocation that backs off. */
export interface LiveAttempt {
  readonly seq: number
  readonly isInFlight: boolean
  /** ms since epoch */
  readonly startedAt: number | undefined
  readonly deploymentId: string | undefined
  /** Name and version of the SDK, as it says. */
  readonly server: string | undefined
}
