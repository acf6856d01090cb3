import t from 'tap'
import { keepRunning } from './fake-partition.ts'
import { type Ask, ask, askJson, isIngressError, startIngress, type TestIngress } from './fixture.ts'

const get: Ask = { method: 'GET' }
const unknownId = 'inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz'

/** Every way to name the invocation of handler `echo` of Svc with idempotency key `ik`. */
function waysToName(id: string): readonly ((operation: string, ingress: TestIngress) => ReturnType<typeof ask>)[] {
  const byBody = (target: object) => (operation: string, ingress: TestIngress) =>
    ask(ingress, `/restate/${operation}`, { body: JSON.stringify(target) })
  return [
    (operation, ingress) => ask(ingress, `/restate/${operation}/${id}`, get),
    (operation, ingress) => ask(ingress, `/restate/invocation/${id}/${operation}`, get),
    (operation, ingress) => ask(ingress, `/restate/invocation/Svc/echo/ik/${operation}`, get),
    byBody({ target: 'invocation', invocationId: id, other: 1 }),
    byBody({ target: 'idempotentInvocation', service: 'Svc', handler: 'echo', idempotencyKey: 'ik', key: null }),
  ]
}

t.test('output: not yet, then the result with its expiry', async (t) => {
  await using ingress = await startIngress()
  ingress.partition.behaviour = keepRunning
  const { id } = await sendEcho(ingress)
  for (const name of waysToName(id)) {
    const reply = await name('output', ingress)
    t.equal(reply.status, 470)
    t.ok(isIngressError(reply, 470))
  }
  ingress.partition.complete(ingress.partition.last.id, { kind: 'value', value: Buffer.from('1') })
  for (const operation of ['output', 'attach']) {
    for (const name of waysToName(id)) {
      const reply = await name(operation, ingress)
      t.equal(reply.status, 200)
      t.equal(reply.body, '1')
      t.equal(reply.headers['x-restate-id'], id)
      t.equal(reply.headers['content-type'], 'application/json')
      t.equal(reply.headers['idempotency-expires'], '2026-11-22T12:00:00.123+00:00')
    }
  }
})

t.test('attach waits, and then tells no expiry', async (t) => {
  await using ingress = await startIngress()
  ingress.partition.behaviour = keepRunning
  const { id } = await sendEcho(ingress)
  const waiting = waysToName(id).map((name) => name('attach', ingress))
  while (ingress.partition.waitingCallers < waiting.length) await new Promise((resolve) => setTimeout(resolve, 1))
  ingress.partition.complete(ingress.partition.last.id, { kind: 'failure', failure: { code: 404, message: 'no' } })
  for (const reply of await Promise.all(waiting)) {
    t.equal(reply.status, 404)
    t.equal(reply.body, '{"code":404,"message":"no","source":"invocation"}')
    t.equal(reply.headers['x-restate-id'], id)
    t.equal(reply.headers['idempotency-expires'], undefined)
  }
})

t.test('no such invocation: attach and output differ', async (t) => {
  await using ingress = await startIngress()
  for (const path of [`/restate/attach/${unknownId}`, `/restate/invocation/${unknownId}/attach`]) {
    const reply = await ask(ingress, path, get)
    t.equal(reply.status, 404)
    t.equal(reply.headers['x-restate-id'], unknownId)
    t.equal(reply.headers['x-restate-error-source'], 'invocation')
    t.match(reply.json, { code: 404, source: 'invocation' })
  }
  for (const path of [
    `/restate/output/${unknownId}`,
    '/restate/workflow/Nope/k/output',
    '/restate/workflow/Svc/k/output',
  ]) {
    t.ok(isIngressError(await ask(ingress, path, get), 404), path)
  }
  t.equal((await ask(ingress, '/restate/workflow/Wf/k/attach', get)).headers['x-restate-error-source'], 'invocation')
})

t.test('an invocation that keeps nothing can be attached to while it runs', async (t) => {
  await using ingress = await startIngress()
  ingress.partition.behaviour = keepRunning
  await askJson(ingress, '/Svc/forgetful/send', 1)
  const { id, completionRetentionMs } = ingress.partition.last
  t.equal(completionRetentionMs, 0)
  const waiting = ask(ingress, `/restate/attach/${id}`, get)
  while (ingress.partition.waitingCallers < 1) await new Promise((resolve) => setTimeout(resolve, 1))
  ingress.partition.complete(id, { kind: 'value', value: Buffer.from('1') })
  t.equal((await waiting).headers['content-type'], 'application/json')
  t.ok(isIngressError(await ask(ingress, `/restate/output/${id}`, get), 404))
})

t.test('workflows by name and key', async (t) => {
  await using ingress = await startIngress()
  ingress.partition.behaviour = keepRunning
  await askJson(ingress, '/Wf/a%2Fb/run/send', 1)
  const { id } = ingress.partition.last
  t.equal((await ask(ingress, '/restate/workflow/Wf/a%2Fb/output', get)).status, 470)
  ingress.partition.complete(id, { kind: 'value', value: Buffer.from('"done"') })
  for (const operation of ['attach', 'output']) {
    const byPath = await ask(ingress, `/restate/workflow/Wf/a%2Fb/${operation}`, get)
    const target = { target: 'workflow', workflowName: 'Wf', workflowKey: 'a/b' }
    const byBody = await ask(ingress, `/restate/${operation}`, { body: JSON.stringify(target) })
    for (const reply of [byPath, byBody]) {
      t.equal(reply.body, '"done"')
      t.equal(reply.headers['x-restate-id'], id)
      t.type(reply.headers['idempotency-expires'], 'string')
    }
  }
})

t.test('keys of objects and idempotency keys in paths: the one is decoded, the other is not', async (t) => {
  await using ingress = await startIngress()
  await askJson(ingress, '/Obj/ob%2F1/add', 5, { 'idempotency-key': 'at%2F1' })
  const { id } = ingress.partition.last
  const reply = await ask(ingress, '/restate/invocation/Obj/ob%2F1/add/at%2F1/output', get)
  t.equal(reply.status, 200)
  t.equal(reply.headers['x-restate-id'], id)

  await askJson(ingress, '/Svc/echo', 5, { 'idempotency-key': 'at/1' })
  t.equal((await ask(ingress, '/restate/invocation/Svc/echo/at%2F1/output', get)).status, 404)
  const target = { target: 'idempotentInvocation', service: 'Svc', handler: 'echo', idempotencyKey: 'at/1' }
  t.equal((await ask(ingress, '/restate/output', { body: JSON.stringify(target) })).status, 200)
})

t.test('lookup computes ids, of what is not registered as well', async (t) => {
  await using ingress = await startIngress()
  const lookup = (target: unknown) => ask(ingress, '/restate/lookup', { body: JSON.stringify(target) })
  await askJson(ingress, '/Obj/a%2Fb/add', 1, { 'idempotency-key': 'x y' })
  const idempotent = {
    target: 'idempotentInvocation',
    service: 'Obj',
    key: 'a/b',
    handler: 'add',
    idempotencyKey: 'x y',
  }
  t.strictSame((await lookup(idempotent)).json, { invocationId: ingress.partition.last.id })
  await askJson(ingress, '/Wf/w/run', 1)
  const workflow = { target: 'workflow', workflowName: 'Wf', workflowKey: 'w' }
  const reply = await lookup(workflow)
  t.strictSame(reply.json, { invocationId: ingress.partition.last.id })
  t.equal(reply.status, 200)
  t.equal(reply.headers['content-type'], 'application/json')
  t.equal(reply.headers['x-restate-id'], undefined)
  t.strictSame((await lookup({ target: 'invocation', invocationId: unknownId })).json, { invocationId: unknownId })
  t.match((await lookup({ ...workflow, workflowName: 'Nope' })).json, { invocationId: /^inv_1/ })
})

t.test('ids are those of the peer', async (t) => {
  await using ingress = await startIngress()
  // Recorded from restate-server 1.7.12.
  const recorded: readonly (readonly [target: object, id: string])[] = [
    [
      { target: 'idempotentInvocation', service: 'IngSvc', handler: 'sleepy', idempotencyKey: 'at-18182' },
      'inv_1gr5BpmyWK8O23QaDEWzkMWtJuTq7Wvvx5',
    ],
    [
      {
        target: 'idempotentInvocation',
        service: 'IngObj',
        key: 'ob/18182',
        handler: 'slowAdd',
        idempotencyKey: 'at%2F18182',
      },
      'inv_11aodQQ6hNEA0bxkprmIBJm3ntvraejN7J',
    ],
    [{ target: 'workflow', workflowName: 'IngWf', workflowKey: 'wf-4793' }, 'inv_15iEogvKc5rQ10GE8W2fmMxJzW7WyX9KmO'],
  ]
  for (const [target, invocationId] of recorded) {
    const reply = await ask(ingress, '/restate/lookup', { body: JSON.stringify(target) })
    t.strictSame(reply.json, { invocationId })
  }
})

t.test('targets that name nothing are 400', async (t) => {
  await using ingress = await startIngress()
  const bad = [
    '',
    '{',
    'null',
    '[]',
    '"x"',
    '{}',
    '{"target":"x"}',
    '{"target":1}',
    '{"target":"workflow","workflowName":"W"}',
    '{"target":"workflow","workflowName":1,"workflowKey":"k"}',
    '{"target":"workflow","workflowName":"W","workflowKey":"k","scope":"s"}',
    '{"target":"workflow","workflowName":"W","workflowKey":"k","scope":"s p"}',
    '{"target":"idempotentInvocation","service":"S","handler":"h"}',
    '{"target":"idempotentInvocation","service":"S","handler":"h","idempotencyKey":"k","key":{}}',
    '{"target":"invocation"}',
    '{"target":"invocation","invocationId":"inv_1"}',
    '{"__proto__":{"target":"invocation"}}',
  ]
  for (const operation of ['attach', 'output', 'lookup']) {
    for (const body of bad) {
      const reply = await ask(ingress, `/restate/${operation}`, { body })
      t.ok(isIngressError(reply, 400), `${operation} ${body}`)
      t.notMatch(reply.body, /\bat /, 'no stack')
    }
  }
  const large = JSON.stringify({ target: 'x'.repeat(300_000) })
  t.ok(isIngressError(await ask(ingress, '/restate/lookup', { body: large }), 413))
})

async function sendEcho(ingress: TestIngress): Promise<{ id: string }> {
  await askJson(ingress, '/Svc/echo/send', 1, { 'idempotency-key': 'ik' })
  return { id: ingress.partition.last.id }
}
