import { describedError } from './error-schemas.ts'
import type { AdminOperation, AdminOperations, QueryParameter } from './operation.ts'
import { integer, json, noBody, ref, text, words } from './schema-terms.ts'

const deployment: QueryParameter = { schema: text(), description: '`keep`, `latest` or the id of a deployment.' }
const entryIndex = { ...integer(0), maximum: 0xffff_ffff }

/** What can be done to an invocation, as the last segment of the path names it. */
const OPERATIONS: Readonly<Record<string, Omit<AdminOperation, 'tag'> & { readonly inBatch: string }>> = {
  cancel: {
    id: 'cancel_invocation',
    inBatch: 'batch_cancel_invocations',
    summary: 'Ask the handler to end; what has not started is forgotten',
    success: { 200: noBody, 202: noBody },
  },
  kill: {
    id: 'kill_invocation',
    inBatch: 'batch_kill_invocations',
    summary: 'End an invocation, and the calls that it waits for',
    success: { 200: noBody },
  },
  purge: {
    id: 'purge_invocation',
    inBatch: 'batch_purge_invocations',
    summary: 'Forget a completed invocation',
    success: { 200: noBody },
  },
  'purge-journal': {
    id: 'purge_journal',
    inBatch: 'batch_purge_journals',
    summary: 'Forget the journal of a completed invocation',
    success: { 200: noBody },
  },
  pause: {
    id: 'pause_invocation',
    inBatch: 'batch_pause_invocations',
    summary: 'Hold an invocation until it is resumed',
    success: { 200: noBody, 202: noBody },
  },
  resume: {
    id: 'resume_invocation',
    inBatch: 'batch_resume_invocations',
    summary: 'Start the next attempt now, with all retries anew',
    query: { deployment },
    success: { 200: noBody },
    errors: [400, 404, 409, 425, 503],
  },
  'restart-as-new': {
    id: 'restart_as_new_invocation',
    inBatch: 'batch_restart_as_new_invocations',
    summary: 'Run a completed invocation again, under a new id',
    query: {
      from: { schema: entryIndex, description: 'Entries of the journal up to this index are kept; 0 is the input.' },
      deployment,
    },
    success: { 200: json(ref('RestartAsNewInvocationResponse')) },
    errors: [400, 404, 409, 410, 422, 425, 503],
    errorBodies: { 422: describedError },
  },
}

const single = Object.entries(OPERATIONS).map(([name, { inBatch: _, ...operation }]): [string, AdminOperation] => [
  `PATCH /invocations/{invocation_id}/${name}`,
  { errors: [400, 404, 409, 503], ...operation, tag: 'invocation' },
])

const batches = Object.entries(OPERATIONS).map(([name, { inBatch, query, success }]): [string, AdminOperation] => {
  const restarts = success?.[200] !== noBody
  return [
    `POST /internal/invocations_batch_operations/${name}`,
    {
      id: inBatch,
      tag: 'invocation',
      summary: `The same as \`${name}\`, for many invocations`,
      body: ref(query?.deployment === undefined ? 'BatchInvocationsRequest' : 'BatchInvocationsDeploymentRequest'),
      success: { 200: json(ref(restarts ? 'BatchRestartAsNewResponse' : 'BatchInvocationsResponse')) },
    },
  ]
})

export const invocationOperations: AdminOperations = {
  'GET /invocations/{invocation_id}': {
    id: 'get_invocation',
    tag: 'invocation',
    summary: 'One invocation, and what it waits for',
    description: 'An extension of perdure.',
    success: { 200: json(ref('Invocation')) },
    errors: [400, 404],
  },
  'GET /invocations/{invocation_id}/journal': {
    id: 'get_invocation_journal',
    tag: 'invocation',
    summary: 'The journal of an invocation, page by page',
    description: 'An extension of perdure.',
    query: {
      from: { schema: integer(0), description: 'Index of the first entry.' },
      limit: { schema: { ...integer(1), maximum: 1000, default: 100 }, description: 'Most entries of the page.' },
    },
    success: { 200: json(ref('JournalPage')) },
    errors: [400, 404],
  },
  'DELETE /invocations/{invocation_id}': {
    id: 'delete_invocation',
    tag: 'invocation',
    summary: 'Cancel, kill or purge, whatever becomes of it',
    deprecated: true,
    query: {
      mode: {
        schema: { ...words('Cancel', 'cancel', 'Kill', 'kill', 'Purge', 'purge'), default: 'cancel' },
        description: 'What to do.',
      },
    },
    success: { 202: noBody },
    errors: [400, 503],
  },
  ...Object.fromEntries(single),
  ...Object.fromEntries(batches),
}
