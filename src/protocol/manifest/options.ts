import type { Fields } from './fields.ts'

/** Values of a retry policy that a service or handler sets; manifest v4. */
export interface ManifestRetryPolicy {
  readonly initialIntervalMs?: number
  readonly exponentiationFactor?: number
  readonly maxIntervalMs?: number
  readonly maxAttempts?: number
  readonly onMaxAttempts?: 'pause' | 'kill'
}

/** What both a service and a handler may say. Absent: the next wider scope decides. */
export interface ManifestOptions {
  readonly documentation?: string
  readonly metadata?: Readonly<Record<string, string>>
  readonly inactivityTimeoutMs?: number
  readonly abortTimeoutMs?: number
  readonly journalRetentionMs?: number
  readonly idempotencyRetentionMs?: number
  readonly enableLazyState?: boolean
  readonly ingressPrivate?: boolean
  /** Absent if it sets no value. */
  readonly retryPolicy?: ManifestRetryPolicy
}

export function readOptions(fields: Fields): ManifestOptions {
  const options = {
    documentation: fields.string('documentation'),
    metadata: fields.stringMap('metadata'),
    inactivityTimeoutMs: fields.integer('inactivityTimeout'),
    abortTimeoutMs: fields.integer('abortTimeout'),
    journalRetentionMs: fields.integer('journalRetention'),
    idempotencyRetentionMs: fields.integer('idempotencyRetention'),
    enableLazyState: fields.boolean('enableLazyState'),
    ingressPrivate: fields.boolean('ingressPrivate'),
  }
  const onMaxAttempts = fields.oneOf('retryPolicyOnMaxAttempts', ['PAUSE', 'KILL'])
  const retryPolicy = present({
    initialIntervalMs: fields.integer('retryPolicyInitialInterval'),
    exponentiationFactor: fields.number('retryPolicyExponentiationFactor'),
    maxIntervalMs: fields.integer('retryPolicyMaxInterval'),
    maxAttempts: fields.integer('retryPolicyMaxAttempts'),
    onMaxAttempts: onMaxAttempts === undefined ? undefined : onMaxAttempts === 'PAUSE' ? 'pause' : 'kill',
  } as const)
  return present({ ...options, retryPolicy: Object.keys(retryPolicy).length === 0 ? undefined : retryPolicy })
}

/** An object whose `undefined` fields do not exist at all. */
export type Present<Value> = { readonly [Name in keyof Value]?: Exclude<Value[Name], undefined> }

/** TypeScript cannot follow what a filter leaves of an object's fields, hence the one cast. */
export function present<Value extends object>(value: Value): Present<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Present<Value>
}
