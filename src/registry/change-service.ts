import type { ServiceOptions, ServiceRecord } from '../core/deployment.ts'
import { ServiceInvalid } from '../errors/registry.ts'
import type { ServiceChanges } from './requests.ts'

/**
 * A service with some settings changed, in its revision. What a handler sets for itself keeps its precedence, except
 * that `public` and the workflow retention reach the handlers. Throws `ServiceInvalid`.
 */
export function changeService(service: ServiceRecord, changes: ServiceChanges): ServiceRecord {
  const {
    public: isPublic,
    workflowCompletionRetentionMs,
    headerAllowList,
    handlerHeaderAllowLists,
    ...options
  } = changes
  if (workflowCompletionRetentionMs !== undefined && service.type !== 'Workflow') {
    throw new ServiceInvalid(
      `modifying retention time for service type ${service.type} is unsupported: only workflows have a ` +
        'workflow_completion_retention; use idempotency_retention or journal_retention.',
    )
  }
  for (const name of Object.keys(handlerHeaderAllowLists ?? {})) {
    if (service.handlers.some((handler) => handler.name === name)) continue
    throw new ServiceInvalid(
      `the service '${service.name}' has no handler '${name}' whose header_allow_list could be set.`,
    )
  }
  const ofService = { ...options, ...(isPublic === undefined ? {} : { public: isPublic }) }
  const ofWorkflow = workflowCompletionRetentionMs === undefined ? {} : { workflowCompletionRetentionMs }
  return {
    ...withHeaderList(service, headerAllowList),
    ...ofService,
    ...ofWorkflow,
    handlers: service.handlers.map((handler) => ({
      ...withHeaderList(handler, handlerHeaderAllowLists?.[handler.name]),
      ...(isPublic === undefined ? {} : { public: isPublic }),
      ...(handler.type === 'Workflow' ? ofWorkflow : {}),
    })),
  }
}

/** With another list of headers; `undefined` leaves the one that there is. */
export function withHeaderList<T extends ServiceOptions>(
  options: T,
  headerAllowList: readonly string[] | undefined,
): T {
  return headerAllowList === undefined ? options : { ...options, headerAllowList }
}
