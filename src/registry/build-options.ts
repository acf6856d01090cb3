import type { ProtocolMode, ServiceOptions } from '../core/deployment.ts'
import { present } from '../protocol/manifest/options.ts'
import type { ManifestOptions } from '../protocol/manifest.ts'
import type { InfoMessage } from './info-message.ts'

/** The server's upper bounds; `undefined` is none. Times in milliseconds. */
export interface RegistrationLimits {
  readonly maxJournalRetentionMs: number | undefined
  readonly maxIdempotencyRetentionMs: number | undefined
  readonly maxWorkflowCompletionRetentionMs: number | undefined
  readonly maxRetryPolicyMaxAttempts: number | undefined
}

/** What the reading of one service or handler, `subject`, depends on, and where it puts its remarks. */
export interface BuildContext {
  readonly subject: string
  readonly protocolMode: ProtocolMode
  readonly limits: RegistrationLimits
  readonly info: InfoMessage[]
}

/** The options that a service and a handler may both set, within the server's bounds. */
export function optionsOf(manifest: ManifestOptions, context: BuildContext): ServiceOptions {
  const { limits } = context
  if (manifest.inactivityTimeoutMs !== undefined && context.protocolMode === 'REQUEST_RESPONSE') {
    context.info.push({
      code: 'RT0021',
      message:
        `The inactivity timeout of ${context.subject} has no effect: the deployment works in request/response mode, ` +
        'in which a handler suspends as soon as it waits.',
    })
  }
  // Named one by one, so that a field that is new in manifests does not slip into stored records.
  return present({
    inactivityTimeoutMs: manifest.inactivityTimeoutMs,
    abortTimeoutMs: manifest.abortTimeoutMs,
    journalRetentionMs: journalRetentionOf(manifest.journalRetentionMs, context),
    idempotencyRetentionMs: bounded(
      manifest.idempotencyRetentionMs,
      limits.maxIdempotencyRetentionMs,
      'idempotency retention (ms)',
      context,
    ),
    enableLazyState: manifest.enableLazyState,
    retryPolicy: retryPolicyOf(manifest.retryPolicy, context),
  })
}

/** How long a workflow handler keeps its result, within the server's bound. */
export function workflowRetentionOf(retentionMs: number | undefined, context: BuildContext): number | undefined {
  const max = context.limits.maxWorkflowCompletionRetentionMs
  return bounded(retentionMs, max, 'workflow completion retention (ms)', context)
}

function journalRetentionOf(retentionMs: number | undefined, context: BuildContext): number | undefined {
  return bounded(retentionMs, context.limits.maxJournalRetentionMs, 'journal retention (ms)', context, 'RT0022')
}

function retryPolicyOf(policy: ManifestOptions['retryPolicy'], context: BuildContext): ServiceOptions['retryPolicy'] {
  if (policy?.maxAttempts === undefined) return policy
  const max = context.limits.maxRetryPolicyMaxAttempts
  return present({ ...policy, maxAttempts: bounded(policy.maxAttempts, max, 'number of attempts', context) })
}

function bounded(
  value: number | undefined,
  max: number | undefined,
  what: string,
  context: BuildContext,
  code?: string,
): number | undefined {
  if (value === undefined || max === undefined || value <= max) return value
  context.info.push({
    ...(code === undefined ? {} : { code }),
    message: `The ${what} of ${context.subject} is ${value}; this server allows ${max} at most, and uses that.`,
  })
  return max
}
