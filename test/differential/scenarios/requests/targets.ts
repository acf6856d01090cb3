import { likeThePeer } from '../../passes.ts'
import { answersTo, get, http1, post, type Request, request } from '../../requests.ts'
import { theme } from '../../scenario.ts'

const unknown = 'inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz'
const workflow = { target: 'workflow', workflowName: 'Nobody', workflowKey: 'k' }
const keyed = { target: 'idempotentInvocation', service: 'Nobody', key: 'k', handler: 'run', idempotencyKey: 'i' }

const targets: Readonly<Record<string, Request['body']>> = Object.fromEntries(
  Object.entries({
    'an invocation': JSON.stringify({ target: 'invocation', invocationId: unknown }),
    'a workflow': JSON.stringify(workflow),
    'a workflow with an empty key': JSON.stringify({ ...workflow, workflowKey: '' }),
    'a workflow with an odd key': JSON.stringify({ ...workflow, workflowKey: 'a/b ä\u0000' }),
    'an idempotency key': JSON.stringify({ ...keyed, key: undefined }),
    'an idempotency key, no key': JSON.stringify({ ...keyed, key: null }),
    'an idempotency key of an object': JSON.stringify(keyed),
    'an idempotency key of an object with an empty key': JSON.stringify({ ...keyed, key: '' }),
    'an empty idempotency key': JSON.stringify({ ...keyed, idempotencyKey: '' }),
    'no scope': JSON.stringify({ ...keyed, scope: null }),
    'fields too many': JSON.stringify({ ...workflow, more: 1, key: [] }),
    'fields in another order': JSON.stringify({ workflowKey: 'k', workflowName: 'Nobody', target: 'workflow' }),
    'a byte order mark': `\ufeff${JSON.stringify(workflow)}`,
    'spaces around': ` \n${JSON.stringify(workflow)}\n `,
    'more behind': `${JSON.stringify(workflow)}x`,
    'a bad id': JSON.stringify({ target: 'invocation', invocationId: 'inv_1' }),
    'the id of another thing': JSON.stringify({ target: 'invocation', invocationId: 'dp_1rc6TNYO6EYNQ1x4EEKTKVC' }),
    'an empty id': JSON.stringify({ target: 'invocation', invocationId: '' }),
    'a bad scope': JSON.stringify({ ...workflow, scope: 'a b' }),
    'an empty scope': JSON.stringify({ ...keyed, scope: '' }),
    'another target': JSON.stringify({ target: 'service' }),
    'a target in capitals': JSON.stringify({ ...workflow, target: 'Workflow' }),
    'no target': JSON.stringify({ workflowName: 'Nobody', workflowKey: 'k' }),
    'no name': JSON.stringify({ target: 'workflow', workflowKey: 'k' }),
    'no key': JSON.stringify({ target: 'workflow', workflowName: 'Nobody' }),
    'no handler': JSON.stringify({ ...keyed, handler: undefined }),
    'no idempotency key': JSON.stringify({ ...keyed, idempotencyKey: undefined }),
    'no id': JSON.stringify({ target: 'invocation' }),
    'a number as key': JSON.stringify({ ...workflow, workflowKey: 1 }),
    'a list': '[]',
    'a text': '"workflow"',
    null: 'null',
    'no JSON': '{',
    nothing: '',
    bytes: '\u0000\u0001',
  }).map(([name, text]) => [name, Buffer.from(text)]),
)

const rowsOf = (verb: string): Record<string, Request> =>
  Object.fromEntries(
    Object.entries(targets).map(([name, body]) => [
      name,
      request('POST', `/restate/${verb}`, [['content-type', 'application/json']], body),
    ]),
  )

/** As they stand in a path. */
const ids: Readonly<Record<string, string>> = {
  unknown,
  'a word': 'foo',
  'a prefix': 'inv_',
  'a prefix and a version': 'inv_1',
  'one digit less': unknown.slice(0, -1),
  'one digit more': `${unknown}0`,
  'another version': unknown.replace('inv_1', 'inv_2'),
  'a letter as version': 'inv_abcdef',
  'another prefix': unknown.replace('inv_', 'sign_'),
  'the id of a deployment': 'dp_1rc6TNYO6EYNQ1x4EEKTKVC',
  'the id of an awakeable': 'sign_1ntIHlSdLzmDIGvQLnkYZ6wW0C_6t6bLEAAAAEQ',
  'a prefix in capitals': unknown.replace('inv_', 'INV_'),
  'a digit that is none': unknown.replace('g', '-'),
  'more than fits': `inv_1${'z'.repeat(33)}`,
  'only zeros': `inv_1${'0'.repeat(33)}`,
  escaped: unknown.replace('i', '%69'),
  'with a space': `${unknown}%20`,
  'with a dot': `${unknown}.`,
  quotes: "inv_1';DROP--",
}

export const targetsAndIds = theme('requests', likeThePeer, {
  'targets of lookup': (c) => answersTo(c, rowsOf('lookup')),
  'targets of attach': (c) => answersTo(c, rowsOf('attach')),
  'targets of output': (c) => answersTo(c, rowsOf('output')),
  'targets of every type': (c) => {
    const body = JSON.stringify(workflow)
    return answersTo(c, {
      'as text': request('POST', '/restate/lookup', [['content-type', 'text/plain']], body),
      'as nothing': request('POST', '/restate/lookup', [], body),
      'as a form': request('POST', '/restate/output', [['content-type', 'application/x-www-form-urlencoded']], body),
      'with an idempotency key': post('/restate/lookup', workflow, [['idempotency-key', c.key]]),
      'with a header beyond ASCII': http1(post('/restate/lookup', workflow, [['x-a', '\u00f6']])),
      'with a limit key': post('/restate/lookup', workflow, [['x-restate-limit-key', 'a b']]),
    })
  },
  'ids of attach and output': (c) =>
    answersTo(
      c,
      Object.fromEntries(
        Object.entries(ids).flatMap(([name, id]) => [
          [`attach: ${name}`, get(`/restate/attach/${id}`)],
          [`output: ${name}`, get(`/restate/output/${id}`)],
          [`older attach: ${name}`, get(`/restate/invocation/${id}/attach`)],
          [`older output: ${name}`, get(`/restate/invocation/${id}/output`)],
        ]),
      ),
    ),
})
