import t from 'tap'
import { PartitionOverloaded } from '../../src/errors/partition.ts'
import { type TestAdmin, testAdmin } from './admin-app.ts'
import { deployment, dpA, dpB, dpUnknown, invocation, invocationId, unknownInvocationId } from './samples.ts'

const other = 'inv_1foAirY4KKzi6AotbTGm1zzTAM9XYPwUBf' as typeof invocationId

function post(admin: TestAdmin, operation: string, payload: object | string, prefix = '') {
  return admin.app.inject({
    method: 'POST',
    url: `${prefix}/internal/invocations_batch_operations/${operation}`,
    headers: { 'content-type': 'application/json' },
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
  })
}

/** One invocation runs, one is completed, one is not there. */
const all = { invocation_ids: [invocationId, other, unknownInvocationId] }

function threeKinds(): TestAdmin {
  const admin = testAdmin()
  admin.client.schema.put(deployment(dpA))
  admin.client.put(invocation({ status: 'invoked', pinned: { deploymentId: dpA, protocolVersion: 6 } }))
  admin.client.put(invocation({ id: other, status: 'completed', pinned: { deploymentId: dpA, protocolVersion: 6 } }))
  return admin
}

const missing = { invocation_id: unknownInvocationId, error: `Invocation '${unknownInvocationId}' not found` }
const failed = (id: string, predicate: string) => ({ invocation_id: id, error: `Invocation '${id}' ${predicate}` })

t.test('what succeeded and what did not', async (t) => {
  for (const [operation, succeeded, failure, type] of [
    ['cancel', invocationId, failed(other, 'was already completed'), 'cancel'],
    ['kill', invocationId, failed(other, 'was already completed'), 'kill'],
    ['purge', other, failed(invocationId, 'is not yet completed'), 'purge'],
    ['purge-journal', other, failed(invocationId, 'is not yet completed'), 'purge'],
    ['pause', invocationId, failed(other, 'is not running, cannot be paused'), 'pause'],
    ['resume', invocationId, failed(other, 'is completed, cannot be resumed'), 'resume'],
  ] as const) {
    await using admin = threeKinds()
    const answer = await post(admin, operation, all, '/v4')
    t.equal(answer.statusCode, 200, operation)
    t.equal(answer.headers['content-type'], 'application/json')
    t.strictSame(answer.json(), { succeeded: [succeeded], failed: [failure, missing] }, operation)
    t.match(admin.client.operations, [{ type }, { type }, { type }])
  }
})

t.test('restart-as-new names the new invocations', async (t) => {
  await using admin = threeKinds()
  const answer = await post(admin, 'restart-as-new', { ...all, deployment: 'Keep' })
  t.match(answer.json(), {
    succeeded: [{ old_invocation_id: other, new_invocation_id: /^inv_1/ }],
    failed: [failed(invocationId, 'is still running'), missing],
  })
  const { new_invocation_id: newId } = answer.json().succeeded[0]
  t.strictSame(admin.client.operations, [
    {
      type: 'restart-as-new',
      now: admin.client.operations[0]?.now,
      id: other,
      newId,
      from: 0,
      deployment: 'keep',
    },
  ])
})

t.test('the deployment of a batch', async (t) => {
  await using admin = testAdmin()
  admin.client.schema.put(deployment(dpA))
  const resume = (choice: unknown) => {
    admin.client.put(invocation({ status: 'paused', pinned: { deploymentId: dpB, protocolVersion: 6 } }))
    return post(admin, 'resume', { invocation_ids: [invocationId], deployment: choice })
  }
  for (const [choice, sent] of [
    [undefined, 'keep'],
    [null, 'keep'],
    ['keep', 'keep'],
    ['Keep', 'keep'],
    ['latest', { deploymentId: dpA, protocolVersion: 6 }],
    ['Latest', { deploymentId: dpA, protocolVersion: 6 }],
    [dpA, { deploymentId: dpA, protocolVersion: 6 }],
  ]) {
    t.strictSame((await resume(choice)).json(), { succeeded: [invocationId], failed: [] })
    t.match(admin.client.operations.at(-1), { type: 'resume', deployment: sent })
  }
  t.match((await resume(dpUnknown)).json(), {
    succeeded: [],
    failed: [{ invocation_id: invocationId, error: /deployment was not found when trying to resume/ }],
  })
  const bad = await resume('foo')
  t.equal(bad.statusCode, 400)
  t.match(bad.json(), { message: "The request field 'deployment' is invalid. Reason: bad format" })
  t.equal((await resume(5)).statusCode, 422)
})

t.test('at most 1000, and every id must be one', async (t) => {
  await using admin = threeKinds()
  const many = (count: number) => ({ invocation_ids: Array.from({ length: count }, () => unknownInvocationId) })
  const full = await post(admin, 'kill', many(1000))
  t.equal(full.statusCode, 200)
  t.equal(full.json().failed.length, 1000)
  const tooMany = await post(admin, 'kill', many(1001))
  t.equal(tooMany.statusCode, 400)
  t.strictSame(tooMany.json(), {
    message: 'Batch size 1001 exceeds maximum allowed size of 1000',
    restate_code: null,
  })
  t.strictSame((await post(admin, 'kill', { invocation_ids: [] })).json(), { succeeded: [], failed: [] })

  admin.client.operations.length = 0
  for (const [body, status, text] of [
    [{ invocation_ids: ['bad'] }, 422, /invocation_ids\[0\]: bad format/],
    [{ invocation_ids: [invocationId, 'inv_1'] }, 422, /invocation_ids\[1\]: bad format/],
    [{ invocation_ids: [1] }, 422, /invocation_ids\[0\]: expected a string/],
    [{ invocation_ids: invocationId }, 422, /invocation_ids: expected an array/],
    [{}, 422, /invocation_ids: missing field/],
    ['[]', 422, /expected a JSON object/],
    ['{', 400, /JSON/],
  ] as const) {
    const answer = await post(admin, 'kill', body)
    t.equal(answer.statusCode, status)
    t.match(answer.headers['content-type'], /^text\/plain/)
    t.match(answer.body, text)
  }
  t.equal(admin.client.operations.length, 0, 'nothing of a bad batch is done')
})

t.test('the audit log has a line for the batch and one for each invocation', async (t) => {
  await using admin = threeKinds()
  await post(admin, 'kill', all)
  const common = { event: 'admin-write', action: 'invocation.kill', peer: 'tcp', status: 200 }
  t.match(admin.log.info, [
    { ...common, result: 'done', batchSize: 3, failures: 2 },
    { ...common, result: 'done', invocationId, outcome: 'done' },
    { ...common, result: 'refused', invocationId: other, errorCode: 'PERDURE_ERR_ADMIN_INVOCATION_STATE' },
    { ...common, result: 'refused', invocationId: unknownInvocationId, errorCode: 'PERDURE_ERR_ADMIN_NOT_FOUND' },
  ])
  t.equal(admin.log.info.length, 4)

  admin.log.info.length = 0
  await post(admin, 'resume', { invocation_ids: ['bad'] })
  t.match(admin.log.info, [{ action: 'invocation.resume', result: 'refused', status: 422 }])
})

t.test('one that goes wrong does not hide the others', async (t) => {
  await using admin = threeKinds()
  admin.client.failure = { id: other, error: new PartitionOverloaded('too much waits for the disk') }
  t.match((await post(admin, 'kill', all)).json(), {
    succeeded: [invocationId],
    failed: [{ invocation_id: other, error: 'too much waits for the disk' }, missing],
  })
  t.match(admin.log.info[2], { invocationId: other, errorCode: 'PERDURE_ERR_PARTITION_OVERLOADED' })

  admin.client.put(invocation({ status: 'invoked' }))
  admin.client.failure = { id: other, error: new Error('the secret plan') }
  const answer = await post(admin, 'kill', all)
  t.match(answer.json(), { succeeded: [invocationId], failed: [{ error: /^Internal server error/ }, missing] })
  t.notMatch(answer.body, /secret/)
  t.match(admin.log.error, [
    { event: 'admin-request-failed', invocationId: other, err: { message: 'the secret plan' } },
  ])
})
