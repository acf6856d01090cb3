import type { AttemptCommand } from '../core/attempts.ts'
import type { Invocation } from '../core/invocation.ts'
import type { RetentionDefaults } from '../core/retention-policy.ts'
import type { Schema } from '../core/schema.ts'
import type { Attempt } from './attempt.ts'
import type { JournalLimits } from './attempt-state.ts'
import type { CommandContext } from './commands/command-context.ts'
import type { Deadlines } from './deadlines.ts'
import type { DuplexTransport, RequestHeaders } from './duplex.ts'
import type { TokenSource } from './id-token.ts'
import type { Route, Router } from './route.ts'

/** What all attempts of an invoker share. */
export interface AttemptEnvironment {
  readonly schema: Schema
  readonly retention: RetentionDefaults
  readonly router: Router
  readonly http2: DuplexTransport
  readonly http11: DuplexTransport
  readonly deadlines: Deadlines
  /** Payloads of this length or more are refused. */
  readonly frameLimitBytes: number
  readonly messageSizeWarningBytes: number
  readonly journalLimits: JournalLimits
  /** ms since epoch */
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
  readonly idFor: CommandContext['idFor']
  readonly idTokens: TokenSource
  headersOf(route: Route, invocation: Invocation, idToken: string | undefined): RequestHeaders
  propose(attempt: Attempt, command: AttemptCommand, durable: (() => void) | undefined): void
  /** Too much waits for the log. */
  isReadingPaused(): boolean
  /** More memory is taken for what is on its way to the service. */
  hold(attempt: Attempt, bytes: number): void
  /** The replay has been sent, or will not be: what was held for it is free. */
  release(attempt: Attempt): void
  onLargeMessage(attempt: Attempt, type: number, sizeBytes: number): void
}
