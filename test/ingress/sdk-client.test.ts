import * as restate from '@restatedev/restate-sdk'
import { connect, HttpCallError, rpc } from '@restatedev/restate-sdk-clients'
import t from 'tap'
import { parseAwakeableId } from '../../src/protocol/ids/awakeable-id.ts'
import { keepRunning } from './fake-partition.ts'
import { startIngress } from './fixture.ts'

// Definitions for the client's types; the handlers never run.
const svc = restate.service({
  name: 'Svc',
  handlers: { echo: async (_ctx: restate.Context, value?: unknown) => value },
})
const raw = restate.service({
  name: 'Svc',
  handlers: {
    'out-octets': restate.handlers.handler(
      { input: restate.serde.binary, output: restate.serde.binary },
      async (_ctx: restate.Context, bytes: Uint8Array) => bytes,
    ),
  },
})
const obj = restate.object({
  name: 'Obj',
  handlers: { add: async (_ctx: restate.ObjectContext, value: number) => value },
})
const wf = restate.workflow({
  name: 'Wf',
  handlers: {
    run: async (_ctx: restate.WorkflowContext, value: string) => value,
    status: async (_ctx: restate.WorkflowSharedContext, value: string) => value,
  },
})

async function statusOf(call: PromiseLike<unknown>): Promise<number> {
  try {
    await call
    return 200
  } catch (error) {
    if (error instanceof HttpCallError) return error.status
    throw error
  }
}

t.test('calls', async (t) => {
  await using ingress = await startIngress()
  const client = connect({ url: ingress.url })
  t.strictSame(await client.serviceClient(svc).echo({ a: [1, 'ü'] }), { a: [1, 'ü'] })
  t.equal(await client.serviceClient(svc).echo(), undefined, 'no input: an empty body with a content type')
  t.equal(ingress.partition.last.body.length, 0)
  t.equal(await client.objectClient(obj, 'a/b ü?#').add(3), 3)
  t.equal(ingress.partition.last.target.key, 'a/b ü?#')
  t.equal(await client.workflowClient(wf, 'w').status('x'), 'x')
  const bytes = Uint8Array.from([0, 255, 10, 13])
  t.strictSame(await client.serviceClient(raw)['out-octets'](bytes), bytes)
  const generic = await client.call<number, number>({ service: 'Obj', handler: 'add', key: 'k', parameter: 7 })
  t.equal(generic, 7)
})

t.test('an idempotency key, a header, a failure', async (t) => {
  await using ingress = await startIngress()
  const client = connect({ url: ingress.url, headers: { Authorization: 'Bearer secret' } })
  const opts = rpc.opts({ idempotencyKey: 'ik-1', headers: { 'X-Restate-Id': 'forged', 'user-agent': 'mine' } })
  t.equal(await client.serviceClient(svc).echo('first', opts), 'first')
  t.equal(await client.serviceClient(svc).echo('second', opts), 'first')
  t.equal(ingress.partition.requests[0]?.id, ingress.partition.last.id)
  const headers = new Map(ingress.partition.last.headers)
  t.equal(headers.get('user-agent'), 'mine')
  t.notOk(headers.has('authorization'))
  t.notOk(headers.has('x-restate-id'))

  ingress.partition.behaviour = () => ({ kind: 'failure', failure: { code: 418, message: 'teapot' } })
  t.equal(await statusOf(client.serviceClient(svc).echo(1)), 418)
  t.equal(await statusOf(client.objectClient(obj, '').add(1)), 400, 'the client drops an empty key')
})

t.test('retries stop at a failure of the invocation, and go on over a failure of the server', async (t) => {
  await using ingress = await startIngress()
  const retry = { maxAttempts: 3, initialDelay: 1, maxDelay: 2 }
  const client = connect({ url: ingress.url, retry })
  const opts = rpc.opts({ idempotencyKey: 'k' })
  ingress.partition.behaviour = () => ({ kind: 'failure', failure: { code: 503, message: 'no' } })
  t.equal(await statusOf(client.serviceClient(svc).echo(1, opts)), 503)
  t.equal(ingress.metrics.admitted, 1)
  ingress.partition.failure = new Error('not now')
  t.equal(await statusOf(client.serviceClient(svc).echo(1, opts)), 500)
  t.equal(ingress.metrics.admitted, 4)
})

t.test('sends, with delay and result', async (t) => {
  await using ingress = await startIngress()
  const client = connect({ url: ingress.url })
  const sent = await client.serviceSendClient(svc).echo('s', rpc.sendOpts({ idempotencyKey: 'k', delay: 1500 }))
  t.equal(sent.status, 'Accepted')
  t.equal(sent.invocationId, ingress.partition.last.id)
  t.equal(ingress.partition.last.executionTime, ingress.nowMs + 1500)
  const again = await client.serviceSendClient(svc).echo('s', rpc.sendOpts({ idempotencyKey: 'k' }))
  t.equal(again.status, 'PreviouslyAccepted')

  const result = client.result(sent)
  while (ingress.partition.waitingCallers < 1) await new Promise((resolve) => setTimeout(resolve, 1))
  ingress.partition.start(ingress.partition.last.id)
  t.equal(await result, 's')

  const toObject = await client.objectSendClient(obj, 'k').add(1, rpc.sendOpts({ delay: { minutes: 1 } }))
  t.equal(toObject.status, 'Accepted')
  t.equal(ingress.partition.last.executionTime, ingress.nowMs + 60_000)
})

t.test('workflows: submit, output, attach', async (t) => {
  await using ingress = await startIngress()
  ingress.partition.behaviour = keepRunning
  const client = connect({ url: ingress.url }).workflowClient(wf, 'a b/c')
  const submission = await client.workflowSubmit('in')
  t.equal(submission.status, 'Accepted')
  t.equal((await client.workflowSubmit('in')).status, 'PreviouslyAccepted')
  t.equal((await client.workflowOutput()).ready, false)
  const attached = client.workflowAttach()
  while (ingress.partition.waitingCallers < 1) await new Promise((resolve) => setTimeout(resolve, 1))
  ingress.partition.complete(ingress.partition.last.id, { kind: 'value', value: Buffer.from('"out"') })
  t.equal(await attached, 'out')
  t.match(await client.workflowOutput(), { ready: true, result: 'out' })
})

t.test('awakeables: resolve and reject', async (t) => {
  await using ingress = await startIngress()
  const client = connect({ url: ingress.url })
  const id = 'sign_1ntIHlSdLzmDIGvQLnkYZ6wW0C_6t6bLEAAAAEQ'
  const { invocationId } = parseAwakeableId(id)
  await client.resolveAwakeable(id, { a: ['ü'] })
  await client.resolveAwakeable(id)
  await client.resolveAwakeable(id, Uint8Array.from([0, 255]), restate.serde.binary)
  await client.rejectAwakeable(id, 'nö')
  const key = { kind: 'signal', index: 17 }
  t.match(ingress.partition.signals, [
    { target: invocationId, key, result: { kind: 'value', value: Buffer.from('{"a":["ü"]}') } },
    { target: invocationId, key, result: { kind: 'value', value: { length: 0 } } },
    { target: invocationId, key, result: { kind: 'value', value: Buffer.from([0, 255]) } },
    { target: invocationId, key, result: { kind: 'failure', failure: { code: 500, message: 'nö' } } },
  ])
  t.equal(await statusOf(client.rejectAwakeable('foo', 'why')), 400)
  t.equal(await statusOf(client.resolveAwakeable('prom_1foo', 1)), 400)
})

t.test('a workflow is submitted once, called again in vain, and attached to', async (t) => {
  await using ingress = await startIngress()
  ingress.partition.behaviour = keepRunning
  const client = connect({ url: ingress.url })
  const workflow = client.workflowClient(wf, 'k')
  t.equal((await workflow.workflowSubmit('in', rpc.sendOpts({ delay: 1000 }))).status, 'Accepted')
  t.equal(ingress.partition.last.executionTime, ingress.nowMs + 1000)
  const run = { service: 'Wf', handler: 'run', key: 'k', parameter: 'in' }
  t.equal(await statusOf(client.call(run)), 409)
  t.equal((await workflow.workflowOutput()).ready, false)
  const { id } = ingress.partition.last
  ingress.partition.start(id)
  ingress.partition.complete(id, { kind: 'failure', failure: { code: 422, message: 'no' } })
  t.equal(await statusOf(workflow.workflowAttach()), 422)
  t.equal(await statusOf(client.call(run)), 409, 'also when it has ended')
})

t.test('scopes are refused, clearly', async (t) => {
  await using ingress = await startIngress()
  const client = connect({ url: ingress.url })
  t.equal(await statusOf(client.scope('s').serviceClient(svc).echo(1)), 400)
  t.equal(await statusOf(client.serviceClient(svc).echo(1, rpc.opts({ limitKey: 'a' }))), 400)
})
