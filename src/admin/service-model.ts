import type { Config } from '../config/config.ts'
import { formatDuration } from '../config/duration.ts'
import type { DeploymentRecord, HandlerRecord, ServiceOptions, ServiceRecord } from '../core/deployment.ts'
import { type RetryPolicyOverrides, retryPolicyOf } from '../core/retry-policy.ts'

/** The part of the configuration that a service shows where it sets nothing itself. */
export type ServiceDefaults = Pick<
  Config,
  | 'defaultJournalRetentionMs'
  | 'maxJournalRetentionMs'
  | 'defaultIdempotencyRetentionMs'
  | 'maxIdempotencyRetentionMs'
  | 'defaultWorkflowCompletionRetentionMs'
  | 'maxWorkflowCompletionRetentionMs'
  | 'defaultRetryPolicy'
  | 'maxRetryPolicyMaxAttempts'
> & {
  readonly worker: { readonly invoker: Pick<Config['worker']['invoker'], 'inactivityTimeoutMs' | 'abortTimeoutMs'> }
}

/**
 * A service as the admin API shows it: the options that hold for it, defaults filled in. Keys and their order are
 * those of the admin API 1.7.12; what is not set is left out. Durations are text such as `1m 30s`.
 */
export function serviceModel(deployment: DeploymentRecord, service: ServiceRecord, defaults: ServiceDefaults) {
  const policy = retryPolicyOf(
    defaults.defaultRetryPolicy,
    service.retryPolicy,
    undefined,
    defaults.maxRetryPolicyMaxAttempts,
  )
  // Without a two-way stream there is nothing to keep open: such services suspend as soon as they wait.
  const inactivityTimeoutMs =
    deployment.protocolMode === 'REQUEST_RESPONSE'
      ? 0
      : (service.inactivityTimeoutMs ?? defaults.worker.invoker.inactivityTimeoutMs)
  return {
    name: service.name,
    ty: service.type,
    handlers: service.handlers.map(handlerModel),
    ...optional('documentation', service.documentation),
    ...optional('metadata', nonEmpty(service.metadata)),
    deployment_id: deployment.id,
    revision: service.revision,
    public: service.public,
    idempotency_retention: formatDuration(
      bounded(
        service.idempotencyRetentionMs ?? defaults.defaultIdempotencyRetentionMs,
        defaults.maxIdempotencyRetentionMs,
      ),
    ),
    ...(service.type === 'Workflow'
      ? { workflow_completion_retention: formatDuration(workflowRetentionMs(service, defaults)) }
      : {}),
    journal_retention: formatDuration(
      bounded(service.journalRetentionMs ?? defaults.defaultJournalRetentionMs, defaults.maxJournalRetentionMs),
    ),
    inactivity_timeout: formatDuration(inactivityTimeoutMs),
    abort_timeout: formatDuration(service.abortTimeoutMs ?? defaults.worker.invoker.abortTimeoutMs),
    enable_lazy_state: service.enableLazyState ?? false,
    retry_policy: {
      initial_interval: formatDuration(policy.initialIntervalMs),
      exponentiation_factor: policy.exponentiationFactor,
      max_attempts: policy.maxAttempts ?? null,
      max_interval: formatDuration(policy.maxIntervalMs),
      on_max_attempts: ON_MAX_ATTEMPTS[policy.onMaxAttempts],
    },
    ...headerAllowList(service),
  }
}

/** An extension; absent, as in the peer, where nothing is allowed beyond the server's own list. */
function headerAllowList({ headerAllowList: list }: ServiceOptions) {
  return list === undefined || list.length === 0 ? {} : { header_allow_list: list }
}

/** That of the workflow's one `Workflow` handler, which is where manifests set it. */
function workflowRetentionMs(service: ServiceRecord, defaults: ServiceDefaults): number {
  const ofHandler = service.handlers.find((each) => each.type === 'Workflow')?.workflowCompletionRetentionMs
  return bounded(
    ofHandler ?? service.workflowCompletionRetentionMs ?? defaults.defaultWorkflowCompletionRetentionMs,
    defaults.maxWorkflowCompletionRetentionMs,
  )
}

/** A handler with the options that it sets itself. `ty` is absent for handlers of plain services. */
export function handlerModel(handler: HandlerRecord) {
  return {
    name: handler.name,
    ...(handler.type === 'Stateless' ? {} : { ty: handler.type }),
    ...optional('documentation', handler.documentation),
    ...optional('metadata', nonEmpty(handler.metadata)),
    ...optionalDuration('idempotency_retention', handler.idempotencyRetentionMs),
    ...optionalDuration('journal_retention', handler.journalRetentionMs),
    ...optionalDuration('inactivity_timeout', handler.inactivityTimeoutMs),
    ...optionalDuration('abort_timeout', handler.abortTimeoutMs),
    ...optional('enable_lazy_state', handler.enableLazyState),
    public: handler.public,
    input_description: handler.inputDescription,
    output_description: handler.outputDescription,
    ...optional('input_json_schema', handler.inputJsonSchema),
    ...optional('output_json_schema', handler.outputJsonSchema),
    retry_policy: handlerRetryPolicy(handler.retryPolicy ?? {}),
    ...headerAllowList(handler),
  }
}

const ON_MAX_ATTEMPTS = { pause: 'Pause', kill: 'Kill' } as const

function handlerRetryPolicy(policy: RetryPolicyOverrides) {
  return {
    ...optionalDuration('initial_interval', policy.initialIntervalMs),
    ...optional('exponentiation_factor', policy.exponentiationFactor),
    max_attempts: policy.maxAttempts ?? null,
    ...optionalDuration('max_interval', policy.maxIntervalMs),
    ...(policy.onMaxAttempts === undefined ? {} : { on_max_attempts: ON_MAX_ATTEMPTS[policy.onMaxAttempts] }),
  }
}

function optional(key: string, value: unknown): Record<string, unknown> {
  return value === undefined ? {} : { [key]: value }
}

function optionalDuration(key: string, valueMs: number | undefined): Record<string, string> {
  return valueMs === undefined ? {} : { [key]: formatDuration(valueMs) }
}

function nonEmpty(metadata: Readonly<Record<string, string>> | undefined) {
  return metadata === undefined || Object.keys(metadata).length === 0 ? undefined : metadata
}

function bounded(valueMs: number, maxMs: number | undefined): number {
  return maxMs === undefined ? valueMs : Math.min(valueMs, maxMs)
}
