import type { ServiceRecord } from '../core/deployment.ts'
import { ServiceInvalid } from '../errors/registry.ts'
import type { ServiceChanges } from './requests.ts'

/**
 * A service with some settings changed, in its revision. What a handler sets for itself keeps its precedence, except
 * that `public` and the workflow retention reach the handlers. Throws `ServiceInvalid`.
 */
export function changeService(service: ServiceRecord, changes: ServiceChanges): ServiceRecord {
  const { public: isPublic, workflowCompletionRetentionMs, ...options } = changes
  if (workflowCompletionRetentionMs !== undefined && service.type !== 'Workflow') {
    throw new ServiceInvalid(
      `modifying retention time for service type ${service.type} is unsupported: only workflows have a ` +
        'workflow_completion_retention; use idempotency_retention or journal_retention.',
    )
  }
  const ofService = { ...options, ...(isPublic === undefined ? {} : { public: isPublic }) }
  const ofWorkflow = workflowCompletionRetentionMs === undefined ? {} : { workflowCompletionRetentionMs }
  return {
    ...service,
    ...ofService,
    ...ofWorkflow,
    handlers: service.handlers.map((handler) => ({
      ...handler,
      ...(isPublic === undefined ? {} : { public: isPublic }),
      ...(handler.type === 'Workflow' ? ofWorkflow : {}),
    })),
  }
}
