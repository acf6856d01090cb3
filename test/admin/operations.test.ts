import t from 'tap'
import type { OperationOutcome } from '../../src/core/commands/command.ts'
import { nowMs, testAdmin } from './admin-app.ts'
import {
  adminWith,
  completed,
  fixed,
  gone,
  inState,
  missing,
  notCompleted,
  notRestartable,
  notResumable,
  notRunning,
  patch,
  running,
  type State,
  says,
  unsupported,
} from './operation-fixture.ts'
import { dpA, invocationId, unknownInvocationId } from './samples.ts'

const id = invocationId

const states: readonly State[] = ['unknown', 'scheduled', 'inboxed', 'invoked', 'suspended', 'paused', 'completed']

const operations = ['cancel', 'kill', 'purge', 'purge-journal', 'pause', 'resume', 'restart-as-new'] as const
type Name = (typeof operations)[number]

type Expected = number | readonly [status: number, message: string]

/** In the order of `states`; a number alone is a success. */
const table: Readonly<Record<Name, readonly Expected[]>> = {
  cancel: [[404, missing], 200, 200, 202, 202, 202, completed],
  kill: [[404, missing], 200, 200, 200, 200, 200, completed],
  purge: [[404, missing], notCompleted, notCompleted, notCompleted, notCompleted, notCompleted, 200],
  'purge-journal': [[404, missing], notCompleted, notCompleted, notCompleted, notCompleted, notCompleted, 200],
  pause: [[404, missing], notRunning, notRunning, 202, 202, 200, notRunning],
  resume: [[404, missing], notResumable, notResumable, 200, 200, 200, [409, says('is completed, cannot be resumed')]],
  'restart-as-new': [[404, missing], notRestartable, notRestartable, running, running, running, 200],
}

for (const operation of operations) {
  t.test(`${operation}, in every state`, async (t) => {
    for (const [index, state] of states.entries()) {
      const expected = table[operation][index]
      if (expected === undefined) throw new Error('the table has a row for each state')
      await using admin = inState(state)
      const answer = await patch(admin, `${id}/${operation}`, index % 2 === 0 ? '/v4' : '')
      if (typeof expected === 'number') {
        t.equal(answer.statusCode, expected, state)
        if (operation === 'restart-as-new') {
          t.equal(answer.headers['content-type'], 'application/json')
          t.match(answer.json(), { new_invocation_id: /^inv_1[0-9a-zA-Z]{33}$/ })
        } else {
          t.equal(answer.body, '', state)
          t.equal(answer.headers['content-type'], undefined)
        }
        t.match(admin.client.operations, [{ id, now: nowMs }], 'the partition was asked')
      } else {
        t.equal(answer.statusCode, expected[0], state)
        t.equal(answer.headers['content-type'], 'application/json')
        t.strictSame(answer.json(), { message: expected[1], restate_code: null }, state)
      }
      t.match(admin.log.info, [
        {
          event: 'admin-write',
          action: `invocation.${operation}`,
          path: new RegExp(`/invocations/${id}/${operation}$`),
          peer: 'tcp',
          remoteAddress: '127.0.0.1',
          result: typeof expected === 'number' ? 'done' : 'refused',
          status: typeof expected === 'number' ? expected : expected[0],
        },
      ])
    }
  })
}

t.test('an invocation that is due has the answers of the partition, whatever they are', async (t) => {
  const forAll: Readonly<Record<OperationOutcome, Expected>> = {
    done: 200,
    requested: 202,
    'not-found': [404, missing],
    'already-completed': completed,
    'not-completed': notCompleted,
    'not-started': [425, says('is either inboxed or scheduled')],
    'not-running': notRunning,
    'still-running': running,
    'not-pinned': fixed,
    'journal-gone': gone,
    workflow: unsupported,
    'old-protocol': unsupported,
    'bad-index': [400, `The given index is out of range of currently stored journal for invocation '${id}'.`],
    'open-commands': [
      400,
      `The prefix of the journal '${id}' up to 'from' (included) contains some Commands without respective Completions.`,
    ],
  }
  const forOne: Readonly<Partial<Record<Name, Partial<Record<OperationOutcome, Expected>>>>> = {
    purge: { 'not-started': notCompleted, 'still-running': notCompleted },
    'purge-journal': { 'not-started': notCompleted, 'still-running': notCompleted },
    pause: { 'already-completed': notRunning, 'not-started': notRunning },
    resume: {
      'already-completed': [409, says('is completed, cannot be resumed')],
      'not-started': notResumable,
      'still-running': fixed,
    },
    'restart-as-new': {
      requested: 200,
      'not-started': notRestartable,
      'not-completed': running,
      'not-pinned': unsupported,
    },
  }
  await using admin = adminWith({ status: 'completed' })
  for (const operation of operations) {
    for (const [outcome, general] of Object.entries(forAll) as [OperationOutcome, Expected][]) {
      const expected = forOne[operation]?.[outcome] ?? general
      admin.client.outcome = outcome
      const answer = await patch(admin, `${id}/${operation}`)
      const what = `${operation}: ${outcome}`
      if (typeof expected === 'number') t.equal(answer.statusCode, expected, what)
      else {
        t.equal(answer.statusCode, expected[0], what)
        t.strictSame(answer.json(), { message: expected[1], restate_code: null }, what)
      }
    }
  }
})

t.test('what is sent to the partition', async (t) => {
  await using admin = adminWith({ status: 'paused' })
  for (const operation of ['cancel', 'kill', 'purge', 'purge-journal', 'pause', 'resume']) {
    await patch(admin, `${id}/${operation}`)
  }
  t.strictSame(admin.client.operations, [
    { type: 'cancel', now: nowMs, id },
    { type: 'kill', now: nowMs, id },
    { type: 'purge', now: nowMs, id, what: 'all' },
    { type: 'purge', now: nowMs, id, what: 'journal' },
    { type: 'pause', now: nowMs, id },
    { type: 'resume', now: nowMs, id, deployment: 'keep' },
  ])
})

t.test('an id that is none, for every operation', async (t) => {
  await using admin = testAdmin()
  for (const operation of operations) {
    for (const bad of ['bad', 'inv_1', dpA, `${id}x`]) {
      const answer = await patch(admin, `${bad}/${operation}`)
      t.equal(answer.statusCode, 400)
      t.strictSame(answer.json(), {
        message: "The request field 'invocation_id' is invalid. Reason: bad format",
        restate_code: null,
      })
    }
  }
  t.equal(admin.client.operations.length, 0)
  t.match(admin.log.info[0], { action: 'invocation.cancel', result: 'refused', errorCode: 'PERDURE_ERR_ADMIN_FIELD' })
})

t.test('a body is ignored, also one that says it is JSON and is not there', async (t) => {
  for (const payload of ['', '{}', 'x']) {
    await using admin = inState('invoked')
    const answer = await admin.app.inject({
      method: 'PATCH',
      url: `/invocations/${id}/kill`,
      headers: { 'content-type': 'application/json' },
      payload,
    })
    t.equal(answer.statusCode, 200)
  }
})

t.test('DELETE, the old way: 202 for every invocation, and the audit log knows better', async (t) => {
  for (const [state, query, type, audit] of [
    ['invoked', '', 'cancel', { mode: 'cancel', outcome: 'requested', result: 'done' }],
    ['invoked', '?mode=cancel', 'cancel', { mode: 'cancel', outcome: 'requested', result: 'done' }],
    ['invoked', '?mode=Cancel', 'cancel', { mode: 'cancel', outcome: 'requested', result: 'done' }],
    ['invoked', '?mode=kill', 'kill', { mode: 'kill', outcome: 'done', result: 'done' }],
    ['completed', '?mode=Kill', 'kill', { result: 'refused', errorCode: 'PERDURE_ERR_ADMIN_INVOCATION_STATE' }],
    ['completed', '?mode=purge', 'purge', { mode: 'purge', outcome: 'done', result: 'done' }],
    ['invoked', '?mode=Purge', 'purge', { result: 'refused', errorCode: 'PERDURE_ERR_ADMIN_INVOCATION_STATE' }],
    ['unknown', '', 'cancel', { result: 'refused', errorCode: 'PERDURE_ERR_ADMIN_NOT_FOUND' }],
  ] as const) {
    await using admin = inState(state)
    const answer = await admin.app.inject({ method: 'DELETE', url: `/v3/invocations/${id}${query}` })
    t.equal(answer.statusCode, 202, `${state} ${query}`)
    t.equal(answer.body, '')
    t.match(admin.client.operations, [{ type, id }])
    t.match(admin.log.info, [{ action: 'invocation.delete', invocationId: id, status: 202, ...audit }])
  }
  await using admin = inState('invoked')
  const badMode = await admin.app.inject({ method: 'DELETE', url: `/invocations/${id}?mode=zap` })
  t.equal(badMode.statusCode, 400)
  t.match(badMode.headers['content-type'], /^text\/plain/)
  t.match(badMode.body, /expected one of cancel, kill, purge/)
  const badId = await admin.app.inject({ method: 'DELETE', url: '/invocations/foo' })
  t.equal(badId.statusCode, 400)
  t.match(badId.json(), { message: /bad format/ })
  t.equal(admin.client.operations.length, 0)
})

t.test('an operation that the partition cannot do is an error of its own', async (t) => {
  await using admin = inState('invoked')
  admin.client.failure = { id, error: new Error('the secret plan') }
  const answer = await patch(admin, `${id}/kill`)
  t.equal(answer.statusCode, 500)
  t.notMatch(answer.body, /secret/)
  t.match(admin.log.info, [{ action: 'invocation.kill', result: 'refused', status: 500 }])
  t.equal((await patch(admin, `${unknownInvocationId}/kill`)).statusCode, 404)
})
