import type { InvocationId } from '../../core/ids.ts'
import { AdminBatchTooLarge } from '../../errors/admin.ts'
import { PerdureError } from '../../errors/perdure-error.ts'
import { isInvocationId } from '../../protocol/ids/invocation-id.ts'
import type { AdminLog } from '../audit.ts'
import { internalError } from '../error-answer.ts'
import { BodyFields } from '../json-body.ts'
import type { AdminRoute, AuditDetails } from '../operation.ts'
import { type DeploymentChoice, parseDeploymentChoice } from './deployment-choice.ts'
import {
  type OperationRequest,
  type Operator,
  type Performed,
  performedForLog,
  refusedForLog,
  requestForLog,
} from './operator.ts'
import type { OperationName } from './refusal.ts'

const MAX_BATCH_SIZE = 1000

/** Reads what is asked of all invocations of a batch; a restart there is always one from the input. */
const REQUESTS: Readonly<Record<OperationName, (fields: BodyFields) => OperationRequest>> = {
  cancel: () => ({ name: 'cancel' }),
  kill: () => ({ name: 'kill' }),
  purge: () => ({ name: 'purge' }),
  'purge-journal': () => ({ name: 'purge-journal' }),
  pause: () => ({ name: 'pause' }),
  resume: (fields) => ({ name: 'resume', deployment: choiceField(fields) ?? 'keep' }),
  'restart-as-new': (fields) => ({ name: 'restart-as-new', from: 0, deployment: choiceField(fields) ?? 'latest' }),
}

/**
 * `POST /internal/invocations_batch_operations/{operation}`, which the console uses: 200 with what succeeded and what
 * did not, both in the order of the request.
 */
export function batchRoutes(operator: Operator, log: AdminLog): AdminRoute[] {
  return Object.entries(REQUESTS).map(([name, read]) => ({
    path: `/internal/invocations_batch_operations/${name}`,
    methods: {
      POST: {
        jsonBody: true,
        audit: `invocation.${name}`,
        async handle({ body }) {
          const fields = new BodyFields(body)
          const ids = readIds(fields)
          const request = read(fields)
          const items = await Promise.all(ids.map((id) => perform(operator, id, request, log)))
          return { status: 200, json: batchModel(items), audit: auditOf(request, items) }
        },
      },
    },
  }))
}

type BatchItem =
  | { readonly id: InvocationId; readonly performed: Performed }
  | { readonly id: InvocationId; readonly failure: string; readonly errorCode: string | undefined }

/** What goes wrong with one invocation must not hide what has been done to the others. */
async function perform(
  operator: Operator,
  id: InvocationId,
  request: OperationRequest,
  log: AdminLog,
): Promise<BatchItem> {
  try {
    const result = await operator.perform(id, request)
    if (!('error' in result)) return { id, performed: result }
    return { id, failure: result.inBatch, errorCode: result.error.code }
  } catch (error) {
    if (error instanceof PerdureError) return { id, failure: error.message, errorCode: error.code }
    log.error({ event: 'admin-request-failed', invocationId: id, err: error })
    return { id, failure: internalError.json.message, errorCode: undefined }
  }
}

function batchModel(items: readonly BatchItem[]) {
  const succeeded: unknown[] = []
  const failed: unknown[] = []
  for (const item of items) {
    const { id } = item
    if ('failure' in item) failed.push({ invocation_id: id, error: item.failure })
    else if (item.performed.newId === undefined) succeeded.push(id)
    else succeeded.push({ old_invocation_id: id, new_invocation_id: item.performed.newId })
  }
  return { succeeded, failed }
}

/** One line for the batch, and one for each invocation: who looks for an invocation finds what was done to it. */
function auditOf(request: OperationRequest, items: readonly BatchItem[]): AuditDetails[] {
  const failures = items.filter((item) => 'failure' in item).length
  const asked = requestForLog(request)
  return [
    { batchSize: items.length, failures, ...asked },
    ...items.map((item) => ({
      invocationId: item.id,
      ...asked,
      ...('failure' in item ? refusedForLog(item.errorCode) : performedForLog(item.performed)),
    })),
  ]
}

function readIds(fields: BodyFields): readonly InvocationId[] {
  const texts = fields.stringList('invocation_ids')
  if (texts === undefined) throw fields.invalid('invocation_ids', 'missing field')
  const ids = texts.map((text, index) => {
    if (!isInvocationId(text)) throw fields.invalid(`invocation_ids[${index}]`, 'bad format')
    return text
  })
  if (ids.length > MAX_BATCH_SIZE) {
    throw new AdminBatchTooLarge(`Batch size ${ids.length} exceeds maximum allowed size of ${MAX_BATCH_SIZE}`)
  }
  return ids
}

function choiceField(fields: BodyFields): DeploymentChoice | undefined {
  const text = fields.string('deployment')
  return text === undefined ? undefined : parseDeploymentChoice(text, 'request field')
}
