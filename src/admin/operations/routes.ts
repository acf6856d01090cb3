import { AdminQueryString } from '../../errors/admin.ts'
import { parseInvocationIdParameter } from '../invocation-id.ts'
import type { AdminRoute, Answer, Operation } from '../operation.ts'
import { numberParameter, textParameter } from '../query-string.ts'
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

/** Indices of journal entries are 32 bits wide. */
const MAX_ENTRY_INDEX = 0xffff_ffff

/** Reads what is asked from the query. */
const REQUESTS: Readonly<Record<OperationName, (query: URLSearchParams) => OperationRequest>> = {
  cancel: () => ({ name: 'cancel' }),
  kill: () => ({ name: 'kill' }),
  purge: () => ({ name: 'purge' }),
  'purge-journal': () => ({ name: 'purge-journal' }),
  pause: () => ({ name: 'pause' }),
  resume: (query) => ({ name: 'resume', deployment: choiceParameter(query) ?? 'keep' }),
  'restart-as-new': (query) => ({
    name: 'restart-as-new',
    from: numberParameter(query, 'from', 0, MAX_ENTRY_INDEX) ?? 0,
    deployment: choiceParameter(query) ?? 'latest',
  }),
}

/** `PATCH /invocations/{id}/{operation}`, without a body. */
export function operationRoutes(operator: Operator): AdminRoute[] {
  return Object.entries(REQUESTS).map(([name, read]) => ({
    path: `/invocations/:invocation/${name}`,
    methods: {
      PATCH: {
        audit: `invocation.${name}`,
        async handle({ params, query, note }) {
          const request = read(query)
          note(requestForLog(request))
          const id = parseInvocationIdParameter(params.invocation ?? '')
          const result = await operator.perform(id, request)
          if ('error' in result) throw result.error
          return {
            ...answerOf(result),
            audit: { invocationId: id, ...performedForLog(result) },
          }
        },
      },
    },
  }))
}

/** 202 where the handler has been asked and the end is yet to come. */
function answerOf({ outcome, newId }: Performed): Answer {
  if (newId !== undefined) return { status: 200, json: { new_invocation_id: newId } }
  return { status: outcome === 'requested' ? 202 : 200 }
}

/** `DELETE /invocations/{id}?mode=`, the deprecated way: 202 for every id, whatever has become of it. */
export function deleteOperation(operator: Operator): Operation {
  return {
    audit: 'invocation.delete',
    async handle({ params, query }) {
      const mode = modeParameter(query)
      const id = parseInvocationIdParameter(params.invocation ?? '')
      const result = await operator.perform(id, { name: mode })
      const ended = 'error' in result ? refusedForLog(result.error.code) : performedForLog(result)
      return { status: 202, audit: { invocationId: id, mode, ...ended } }
    },
  }
}

function modeParameter(query: URLSearchParams): 'cancel' | 'kill' | 'purge' {
  const mode = textParameter(query, 'mode') ?? 'cancel'
  switch (mode) {
    case 'cancel':
    case 'Cancel':
      return 'cancel'
    case 'kill':
    case 'Kill':
      return 'kill'
    case 'purge':
    case 'Purge':
      return 'purge'
    default:
      throw new AdminQueryString('Failed to deserialize query string: mode: expected one of cancel, kill, purge')
  }
}

function choiceParameter(query: URLSearchParams): DeploymentChoice | undefined {
  const text = textParameter(query, 'deployment')
  return text === undefined ? undefined : parseDeploymentChoice(text, 'query parameter')
}
