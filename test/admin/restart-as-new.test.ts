import t from 'tap'
import type { Invocation } from '../../src/core/invocation.ts'
import { parseInvocationId } from '../../src/protocol/ids/invocation-id.ts'
import { defaults, nowMs, testAdmin } from './admin-app.ts'
import {
  adminWith,
  counterTarget,
  gone,
  missing,
  notRestartable,
  patch,
  pinned,
  running,
  unsupported,
} from './operation-fixture.ts'
import { deployment, dpA, dpB, dpUnknown, invocationId as id, invocation } from './samples.ts'

t.test('restart as new: a new id beside the old one', async (t) => {
  await using admin = adminWith({ status: 'completed', ...pinned(dpA, 5) })
  const first = (await patch(admin, `${id}/restart-as-new`)).json().new_invocation_id
  const second = (await patch(admin, `${id}/restart-as-new`)).json().new_invocation_id
  t.notSame(first, second)
  for (const newId of [first, second]) {
    const bytes = parseInvocationId(newId)
    t.strictSame(bytes.subarray(0, 8), parseInvocationId(id).subarray(0, 8), 'the same partition key')
    t.equal(bytes.readUIntBE(8, 6), nowMs, 'a ULID of now')
  }
  t.strictSame(admin.client.operations, [
    { type: 'restart-as-new', now: nowMs, id, newId: first, from: 0, deployment: 'latest' },
    { type: 'restart-as-new', now: nowMs, id, newId: second, from: 0, deployment: 'latest' },
  ])
  t.match(admin.log.info[0], {
    action: 'invocation.restart-as-new',
    invocationId: id,
    newInvocationId: first,
    from: 0,
    deployment: 'latest',
    outcome: 'done',
    result: 'done',
    status: 200,
  })
})

t.test('restart as new: from where, and on what', async (t) => {
  const notFound = [
    400,
    `The given deployment was not found when trying to restart as new the invocation '${id}'.`,
  ] as const
  const [input] = invocation().journal
  if (input === undefined) throw new Error('the sample has an input')
  const on = (deploymentId: typeof dpA, version: number): Partial<Invocation> => ({
    status: 'completed',
    journal: [input, input, input],
    ...pinned(deploymentId, version),
  })
  const purged: Partial<Invocation> = { status: 'completed', journal: [] }
  const runTarget = { ...counterTarget, serviceType: 'Workflow', handlerType: 'Workflow' } as const
  const run = { status: 'completed', target: runTarget } as const
  for (const [state, query, expected, sent] of [
    [on(dpA, 5), '', 200, { from: 0, deployment: 'latest' }],
    [on(dpA, 5), '?deployment=Latest', 200, { from: 0, deployment: 'latest' }],
    [on(dpA, 5), '?deployment=keep', 200, { from: 0, deployment: 'keep' }],
    [on(dpB, 6), '?deployment=Keep&from=2', 200, { from: 2, deployment: 'keep' }],
    // From the input, the version is that of the deployment; behind it, that of the journal.
    [on(dpA, 5), `?deployment=${dpB}`, 200, { from: 0, deployment: { deploymentId: dpB, protocolVersion: 6 } }],
    [on(dpB, 6), `?deployment=${dpA}`, 200, { from: 0, deployment: { deploymentId: dpA, protocolVersion: 5 } }],
    [on(dpB, 6), '?from=1', 200, { from: 1, deployment: { deploymentId: dpB, protocolVersion: 6 } }],
    [on(dpUnknown, 6), '?from=2', 200, { from: 2, deployment: { deploymentId: dpB, protocolVersion: 6 } }],
    [on(dpA, 5), '?from=1', unsupported],
    [on(dpA, 5), '?from=1&deployment=keep', unsupported],
    [
      on(dpB, 6),
      `?from=1&deployment=${dpA}`,
      [
        400,
        `The invocation '${id}' is running on protocol version '6', while the chosen deployment '${dpA}' supports the range 5..=5.`,
      ],
    ],
    [on(dpA, 5), `?deployment=${dpUnknown}`, notFound],
    [on(dpUnknown, 5), '?deployment=keep', notFound],
    [{ status: 'completed' }, '?deployment=keep', 200, { from: 0, deployment: 'keep' }],
    [{ status: 'completed' }, '?from=1', unsupported],
    [{ status: 'completed' }, `?from=1&deployment=${dpB}`, unsupported],
    [purged, '', gone],
    [purged, `?deployment=${dpB}`, gone],
    [run, '', unsupported],
    [run, '?deployment=keep', unsupported],
    [{ status: 'paused' }, `?deployment=${dpUnknown}`, running],
    [{ status: 'inboxed' }, `?deployment=${dpUnknown}`, notRestartable],
    [undefined, `?deployment=${dpUnknown}`, [404, missing]],
  ] as const) {
    await using admin = adminWith(state)
    const answer = await patch(admin, `${id}/restart-as-new${query}`)
    if (typeof expected === 'number') {
      t.equal(answer.statusCode, expected, query)
      t.match(admin.client.operations, [sent], query)
    } else {
      t.equal(answer.statusCode, expected[0], query)
      t.strictSame(answer.json(), { message: expected[1], restate_code: null }, query)
    }
  }
})

t.test('restart as new: what the new invocation is', async (t) => {
  await using admin = adminWith({ status: 'completed', ...pinned(dpA, 5), idempotencyKey: 'once' })
  const { new_invocation_id: newId } = (await patch(admin, `${id}/restart-as-new?deployment=keep`)).json()
  const shown = (await admin.app.inject({ url: `/invocations/${newId}` })).json()
  t.match(shown, {
    id: newId,
    status: 'running',
    target: 'Greeter/greet',
    invoked_by: 'restart_as_new',
    restarted_from: id,
    pinned_deployment_id: dpA,
  })
  t.notOk('idempotency_key' in shown)
})

t.test('restart as new: on a deployment that nothing can start on', async (t) => {
  const adminOnV7 = (enableProtocolV7: boolean) => {
    const worker = { invoker: { ...defaults.worker.invoker, enableProtocolV7 } }
    const admin = testAdmin({ config: { ...defaults, worker } })
    admin.client.schema.put(deployment(dpB, { minProtocolVersion: 7 }))
    admin.client.put(invocation({ status: 'completed' }))
    return admin
  }
  await using without = adminOnV7(false)
  const refused = await patch(without, `${id}/restart-as-new?deployment=${dpB}`)
  t.equal(refused.statusCode, 400)
  t.match(refused.json(), {
    message: /supports protocol versions 7\.\.=7, and this server starts invocations with none/,
  })
  await using enabled = adminOnV7(true)
  t.equal((await patch(enabled, `${id}/restart-as-new?deployment=${dpB}`)).statusCode, 200)
  t.match(enabled.client.operations, [{ deployment: { deploymentId: dpB, protocolVersion: 7 } }])
})

t.test('restart as new: an index that is none', async (t) => {
  await using admin = adminWith({ status: 'completed', ...pinned(dpB, 6) })
  for (const from of ['x', '-1', '1.5', '', '4294967296']) {
    const answer = await patch(admin, `${id}/restart-as-new?from=${from}`)
    t.equal(answer.statusCode, 400, from)
    t.match(answer.headers['content-type'], /^text\/plain/)
    t.match(answer.body, /^Failed to deserialize query string: from: /)
  }
  const beyond = await patch(admin, `${id}/restart-as-new?from=4294967295&deployment=keep`)
  t.equal(beyond.statusCode, 400)
  t.match(beyond.json(), { message: /index is out of range/ })
})
