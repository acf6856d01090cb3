import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import * as restate from '@restatedev/restate-sdk'
import { connect, HttpCallError, rpc } from '@restatedev/restate-sdk-clients'
import t from 'tap'
import { register, startServerProcess } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'

/** The official client, our server in a process of its own, and handlers of the official SDK. */
const awakeableIds = new Map<string, string>()

const waiter = restate.service({
  name: 'Waiter',
  handlers: {
    async wait(ctx: restate.Context, name: string) {
      const { id, promise } = ctx.awakeable<unknown>()
      awakeableIds.set(name, id)
      return { got: await promise }
    },
  },
})

const order = restate.workflow({
  name: 'Order',
  handlers: {
    run: async (ctx: restate.WorkflowContext, what: string) => `${what} ${await ctx.promise<string>('approval')}`,
    approve: async (ctx: restate.WorkflowSharedContext, by: string) => {
      await ctx.promise<string>('approval').resolve(`by ${by}`)
    },
  },
})

const services = createServer(restate.createEndpointHandler({ services: [waiter, order], logger: () => {} }))
await new Promise<void>((resolve) => services.listen(0, '127.0.0.1', resolve))
t.teardown(() => services.close())
const server = await startServerProcess(shortDirectory(t))
t.teardown(() => server.stop())
await register(server.admin, `http://127.0.0.1:${(services.address() as AddressInfo).port}`)
const client = connect({ url: server.ingress })

async function awakeableOf(name: string): Promise<string> {
  for (;;) {
    const id = awakeableIds.get(name)
    if (id !== undefined) return id
    await delay(5)
  }
}

async function statusOf(call: PromiseLike<unknown>): Promise<number> {
  try {
    await call
    return 200
  } catch (error) {
    if (error instanceof HttpCallError) return error.status
    throw error
  }
}

t.test('an awakeable is resolved, or rejected, once', async (t) => {
  const resolved = client.serviceClient(waiter).wait('a')
  const id = await awakeableOf('a')
  await client.resolveAwakeable(id, { v: 1 })
  await client.resolveAwakeable(id, { v: 2 })
  t.strictSame(await resolved, { got: { v: 1 } })
  await client.rejectAwakeable(id, 'too late')

  const rejected = client.serviceClient(waiter).wait('b')
  await client.rejectAwakeable(await awakeableOf('b'), 'my reason')
  await t.rejects(Promise.resolve(rejected), { status: 500, message: /my reason/ })
})

t.test('a workflow runs once', async (t) => {
  const workflow = client.workflowClient(order, 'k/1')
  const first = await workflow.workflowSubmit('tea')
  t.equal(first.status, 'Accepted')
  const again = await workflow.workflowSubmit('coffee')
  t.match(again, { status: 'PreviouslyAccepted', invocationId: first.invocationId })
  const run = { service: 'Order', handler: 'run', key: 'k/1', parameter: 'milk' }
  t.equal(await statusOf(client.call(run)), 409)
  t.equal((await workflow.workflowOutput()).ready, false)
  const attached = workflow.workflowAttach()
  await workflow.approve('ada')
  t.equal(await attached, 'tea by ada')
  t.match(await workflow.workflowOutput(), { ready: true, result: 'tea by ada' })
  t.equal(await statusOf(client.call(run)), 409, 'also when it is over')
})

t.test('a run that is delayed', async (t) => {
  const workflow = client.workflowClient(order, 'later')
  await workflow.approve('bob')
  const sentAt = Date.now()
  await workflow.workflowSubmit('tea', rpc.sendOpts({ delay: 300 }))
  t.equal(await workflow.workflowAttach(), 'tea by bob')
  t.ok(Date.now() - sentAt >= 300)
})
