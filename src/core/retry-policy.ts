/** Exponential back-off between failed attempts. Times in milliseconds. */
export interface RetryPolicy {
  readonly initialIntervalMs: number
  readonly exponentiationFactor: number
  readonly maxIntervalMs: number
  /** Attempts in all, the first one included; `undefined` is without limit. */
  readonly maxAttempts: number | undefined
  readonly onMaxAttempts: 'pause' | 'kill'
}

/** The single values that a service or a handler sets. */
export interface RetryPolicyOverrides {
  readonly initialIntervalMs?: number
  readonly exponentiationFactor?: number
  readonly maxIntervalMs?: number
  readonly maxAttempts?: number
  readonly onMaxAttempts?: 'pause' | 'kill'
}

/** Handler before service before server default, value by value; attempts bounded by the server's maximum. */
export function retryPolicyOf(
  defaults: RetryPolicy,
  service: RetryPolicyOverrides | undefined,
  handler: RetryPolicyOverrides | undefined,
  maxAttemptsBound: number | undefined,
): RetryPolicy {
  const maxAttempts = handler?.maxAttempts ?? service?.maxAttempts ?? defaults.maxAttempts
  return {
    initialIntervalMs: handler?.initialIntervalMs ?? service?.initialIntervalMs ?? defaults.initialIntervalMs,
    exponentiationFactor:
      handler?.exponentiationFactor ?? service?.exponentiationFactor ?? defaults.exponentiationFactor,
    maxIntervalMs: handler?.maxIntervalMs ?? service?.maxIntervalMs ?? defaults.maxIntervalMs,
    maxAttempts:
      maxAttemptsBound === undefined ? maxAttempts : Math.min(maxAttempts ?? maxAttemptsBound, maxAttemptsBound),
    onMaxAttempts: handler?.onMaxAttempts ?? service?.onMaxAttempts ?? defaults.onMaxAttempts,
  }
}

/**
 * The pause before the next attempt, ms; `undefined` when attempts are used up. `countedFailures` includes
 * the failure just seen. `jitter` in [0, 1) adds up to 30 %.
 */
export function nextRetryDelayMs(policy: RetryPolicy, countedFailures: number, jitter: number): number | undefined {
  // A manifest may say 0 attempts; the first one has happened all the same.
  if (policy.maxAttempts !== undefined && countedFailures >= Math.max(1, policy.maxAttempts)) return undefined
  const plainMs = policy.initialIntervalMs * policy.exponentiationFactor ** (countedFailures - 1)
  return Math.round(Math.min(plainMs, policy.maxIntervalMs) * (1 + 0.3 * jitter))
}
