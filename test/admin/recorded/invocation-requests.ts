import { wrongQuery, wrongShape } from './answers.ts'
import { ask, empty, error, json, notAllowed, type RecordedRequest } from './request.ts'

const unknownInvocation = 'inv_1kSkFdNxLIek29DgA04RwnUQtCASHMNiix'

const noInvocation = error(404, `The requested invocation '${unknownInvocation}' does not exist`)

const badInvocation = error(400, "The request field 'invocation_id' is invalid. Reason: bad format")

const operations = ['cancel', 'kill', 'purge', 'purge-journal', 'pause', 'resume', 'restart-as-new']

export const invocations: readonly RecordedRequest[] = [
  ...operations.flatMap((name) => [
    ask(`PATCH /invocations/bad/${name}`, badInvocation),
    ask(`PATCH /invocations/${unknownInvocation}/${name}`, noInvocation),
    ask(`GET /invocations/bad/${name}`, notAllowed('PATCH')),
  ]),
  ask('PATCH /invocations/{completed}/cancel', error(409, "The invocation '{completed}' was already completed.")),
  ask('PATCH /invocations/{completed}/kill', error(409, "The invocation '{completed}' was already completed.")),
  ask(
    'PATCH /invocations/{completed}/resume',
    error(409, "The invocation '{completed}' is completed, cannot be resumed."),
  ),
  ask(
    'PATCH /invocations/{completed}/pause',
    error(409, "The invocation '{completed}' is not running, cannot be paused."),
  ),
  ask('PATCH /invocations/{waiting}/purge', error(409, "The invocation '{waiting}' is not yet completed.")),
  ask('PATCH /invocations/{waiting}/purge-journal', error(409, "The invocation '{waiting}' is not yet completed.")),
  ask('PATCH /invocations/{waiting}/restart-as-new', error(409, "The invocation '{waiting}' is still running.")),
  ask(
    'PATCH /invocations/{waiting}/resume?deployment=foo',
    error(400, "The query parameter 'deployment' is invalid. Reason: bad format"),
  ),
  ask(
    'PATCH /invocations/{scheduled}/restart-as-new',
    error(425, "The invocation '{scheduled}' cannot be restarted because it's not running yet."),
  ),
  ask(
    'PATCH /invocations/{scheduled}/resume',
    error(425, "The invocation '{scheduled}' is either inboxed or scheduled, cannot be resumed."),
  ),
  ask(
    'PATCH /invocations/{scheduled}/pause',
    error(409, "The invocation '{scheduled}' is not running, cannot be paused."),
  ),
  ask(
    'PATCH /invocations/{run}/restart-as-new',
    error(422, /^Restarting the invocation 'inv_\w+' is not supported\. /),
  ),
  ask('PATCH /invocations/{completed}/restart-as-new', json(200, 'new_invocation_id')),
  ask('PATCH /invocations/{completed}/restart-as-new?from=0&deployment=latest', json(200, 'new_invocation_id')),
  ask('PATCH /invocations/{completed}/restart-as-new?from=x', wrongQuery),
  ask('PATCH /invocations/{completed}/purge-journal', empty(200)),
  ask(
    'PATCH /invocations/{completed}/restart-as-new',
    error(410, /cannot be restarted because the input is not available/),
  ),
  ask('PATCH /invocations/{completed}/purge', empty(200)),
  ask('PATCH /invocations/{completed}/purge', error(404, "The requested invocation '{completed}' does not exist")),
  ask('PATCH /invocations/{scheduled}/kill', empty(200)),
  ask('PATCH /invocations/{waiting}/cancel', empty(202)),
  ask(`DELETE /invocations/${unknownInvocation}`, empty(202)),
  ask(`DELETE /invocations/${unknownInvocation}?mode=Kill`, empty(202)),
  ask(`DELETE /invocations/${unknownInvocation}?mode=zap`, wrongQuery),
  ask('DELETE /invocations/bad', badInvocation),
]

export const batches: readonly RecordedRequest[] = operations.flatMap((name) => {
  const path = `/internal/invocations_batch_operations/${name}`
  return [
    ask(`POST ${path}`, json(200, 'succeeded', 'failed'), { body: { invocation_ids: [] } }),
    ask(`POST /v4${path}`, json(200, 'succeeded', 'failed'), {
      body: { invocation_ids: [unknownInvocation, '{scheduled}'] },
    }),
    ask(`POST ${path}`, wrongShape, { body: { invocation_ids: ['bad'] } }),
    ask(`POST ${path}`, wrongShape, { body: {} }),
    ask(`POST ${path}`, error(400, 'Batch size 1001 exceeds maximum allowed size of 1000'), {
      body: { invocation_ids: Array.from({ length: 1001 }, () => unknownInvocation) },
    }),
    ask(`GET ${path}`, notAllowed('POST')),
  ]
})
