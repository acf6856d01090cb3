import t from 'tap'
import { testAdmin } from './admin-app.ts'
import { adminWith, fixed, missing, notResumable, patch, pinned, says } from './operation-fixture.ts'
import { deployment, dpA, dpB, dpUnknown, invocationId as id, invocation, service } from './samples.ts'

t.test('resume on another deployment', async (t) => {
  const notFound = [400, `The given deployment was not found when trying to resume the invocation '${id}'.`] as const
  const incompatible = [
    400,
    `The invocation '${id}' is running on protocol version '6', while the chosen deployment '${dpA}' supports the range 5..=5.`,
  ] as const
  const onA = { status: 'paused', ...pinned(dpA, 5) } as const
  const onB = { status: 'suspended', ...pinned(dpB, 6) } as const
  const toB5 = { deploymentId: dpB, protocolVersion: 5 }
  const unpinned = { status: 'paused' } as const
  for (const [state, choice, expected, sent] of [
    [onA, 'keep', 200, 'keep'],
    [onA, 'Keep', 200, 'keep'],
    [onA, 'latest', 200, toB5],
    [onA, 'Latest', 200, toB5],
    [onA, dpB, 200, toB5],
    [onB, dpB, 200, { deploymentId: dpB, protocolVersion: 6 }],
    [onB, dpA, incompatible],
    [onA, dpUnknown, notFound],
    [unpinned, 'latest', 200, 'unpin'],
    [unpinned, dpB, fixed],
    [unpinned, dpUnknown, fixed],
    [{ status: 'invoked', ...pinned(dpA, 5) }, dpB, fixed],
    [{ status: 'invoked', ...pinned(dpA, 5) }, dpUnknown, fixed],
    [{ status: 'invoked' }, 'latest', fixed],
    [{ status: 'invoked' }, 'keep', 200, 'keep'],
    [{ status: 'inboxed' }, dpUnknown, notResumable],
    [{ status: 'scheduled' }, 'latest', notResumable],
    [{ status: 'completed' }, dpB, [409, says('is completed, cannot be resumed')]],
    [undefined, dpB, [404, missing]],
    [undefined, dpUnknown, [404, missing]],
  ] as const) {
    await using admin = adminWith(state)
    const answer = await patch(admin, `${id}/resume?deployment=${choice}`)
    const what = `${state?.status ?? 'unknown'} ${choice}`
    if (typeof expected === 'number') {
      t.equal(answer.statusCode, expected, what)
      t.match(admin.client.operations, [{ type: 'resume', deployment: sent }], what)
      t.match(admin.log.info, [{ invocationId: id, deployment: choice.replace(/^[KL]/, (c) => c.toLowerCase()) }])
    } else {
      t.equal(answer.statusCode, expected[0], what)
      t.strictSame(answer.json(), { message: expected[1], restate_code: null }, what)
      t.equal(admin.client.operations.length, 0, 'the partition was not asked')
    }
  }
})

t.test('a deployment that has not got the handler is not one to go on with', async (t) => {
  await using admin = adminWith({ status: 'paused', ...pinned(dpA, 5) })
  admin.client.schema.put(deployment(dpUnknown, { services: [service('Other')] }))
  const message = `The chosen deployment '${dpUnknown}' does not have the handler 'Greeter/greet' of the invocation '${id}'.`
  const answer = await patch(admin, `${id}/resume?deployment=${dpUnknown}`)
  t.equal(answer.statusCode, 400)
  t.match(answer.json(), { message })
  admin.client.put(invocation({ status: 'completed', ...pinned(dpA, 5) }))
  t.match((await patch(admin, `${id}/restart-as-new?deployment=${dpUnknown}`)).json(), { message })
})

t.test('latest, where nothing has the service any more', async (t) => {
  await using admin = testAdmin()
  for (const more of [{}, pinned(dpA, 5)]) {
    admin.client.put(invocation({ status: 'paused', ...more }))
    const answer = await patch(admin, `${id}/resume?deployment=latest`)
    t.equal(answer.statusCode, 400)
    t.match(answer.json(), { message: /^The given deployment was not found/ })
  }
  t.equal((await patch(admin, `${id}/resume`)).statusCode, 200, 'without a choice it is the attempt that says so')
})

t.test('a choice that is none', async (t) => {
  await using admin = adminWith({ status: 'paused', ...pinned(dpA, 5) })
  for (const operation of ['resume', 'restart-as-new']) {
    for (const [choice, reason] of [
      ['foo', 'bad format'],
      ['', 'bad length'],
      ['KEEP', 'bad format'],
      ['newest', 'bad format'],
      ['dp_1', 'bad length'],
      [id, "id doesn't match the expected type"],
    ]) {
      const answer = await patch(admin, `${id}/${operation}?deployment=${choice}`)
      t.equal(answer.statusCode, 400)
      t.strictSame(answer.json(), {
        message: `The query parameter 'deployment' is invalid. Reason: ${reason}`,
        restate_code: null,
      })
    }
    const twice = await patch(admin, `${id}/${operation}?deployment=keep&deployment=latest`)
    t.equal(twice.statusCode, 400)
    t.match(twice.headers['content-type'], /^text\/plain/)
  }
})
