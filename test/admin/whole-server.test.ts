import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import * as restate from '@restatedev/restate-sdk'
import t from 'tap'
import { register, startServerProcess } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'

/** Operations and state on a server in a process of its own, with handlers of the official SDK. */
const ran: string[] = []

const worker = restate.service({
  name: 'Worker',
  handlers: {
    async steps(ctx: restate.Context, name: string) {
      const first = await ctx.run('first', () => ran.push(`${name} first`))
      await ctx.run('second', () => ran.push(`${name} second`))
      return first
    },
    async wait(ctx: restate.Context) {
      await ctx.sleep(600_000)
    },
  },
})

const counter = restate.object({
  name: 'Counter',
  handlers: {
    async get(ctx: restate.ObjectContext) {
      return (await ctx.get<number>('count')) ?? null
    },
    async hold(ctx: restate.ObjectContext) {
      await ctx.sleep(600_000)
    },
  },
})

const services = createServer(restate.createEndpointHandler({ services: [worker, counter], logger: () => {} }))
await new Promise<void>((resolve) => services.listen(0, '127.0.0.1', resolve))
t.teardown(() => services.close())
const server = await startServerProcess(shortDirectory(t))
t.teardown(() => server.stop())
await register(server.admin, `http://127.0.0.1:${(services.address() as AddressInfo).port}`)

async function send(path: string, input?: unknown): Promise<string> {
  const answer = await ask('POST', `${server.ingress}/${path}/send`, input)
  return String(answer.json.invocationId)
}

async function ask(method: string, url: string, body?: unknown) {
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, json: text === '' ? {} : JSON.parse(text) }
}

const patch = (path: string) => ask('PATCH', `${server.admin}/invocations/${path}`)
const result = (id: string) => ask('GET', `${server.ingress}/restate/attach/${id}`)

async function until(id: string, status: string): Promise<Record<string, unknown>> {
  for (;;) {
    const { json } = await ask('GET', `${server.admin}/invocations/${id}`)
    if (json.status === status) return json
    await delay(5)
  }
}

/** Until it waits in its sleep, so that there is a deployment that it is pinned to. */
async function untilAsleep(id: string): Promise<void> {
  while ((await until(id, 'running')).sleeps === undefined) await delay(5)
}

t.test('cancel', async (t) => {
  const id = await send('Worker/wait')
  await untilAsleep(id)
  t.equal((await patch(`${id}/cancel`)).status, 202)
  t.match(await result(id), { status: 409, json: { message: /^cancell?ed$/i, source: 'invocation' } })
  t.equal((await patch(`${id}/cancel`)).status, 409)
})

t.test('kill frees the key, and what has not started is forgotten', async (t) => {
  const holder = await send('Counter/k/hold')
  await untilAsleep(holder)
  const queued = await send('Counter/k/hold')
  const killed = await send('Counter/k/hold')
  t.match(await until(queued, 'pending'), { queue_order: /\d+/ })
  t.equal((await patch(`${killed}/kill`)).status, 200)
  t.equal((await patch(`${killed}/kill`)).status, 404)
  t.equal((await patch(`${queued}/resume`)).status, 425)
  t.equal((await patch(`${holder}/kill`)).status, 200)
  t.match(await result(holder), { status: 409, json: { message: 'killed' } })
  await untilAsleep(queued)
  t.equal((await ask('DELETE', `${server.admin}/invocations/${queued}?mode=kill`)).status, 202)
  t.match(await until(queued, 'completed'), { completion_failure: '[409] killed' })
})

t.test('pause, and resume on the latest deployment', async (t) => {
  const id = await send('Worker/wait')
  await untilAsleep(id)
  t.equal((await patch(`${id}/resume?deployment=latest`)).status, 409)
  t.equal((await patch(`${id}/pause`)).status, 202)
  const { events } = await until(id, 'paused')
  t.match(events, [{ event_type: 'Paused' }])
  t.equal((await patch(`${id}/pause`)).status, 200)
  t.equal((await patch(`${id}/resume?deployment=dp_10i80EXW1SyTzUmNzJtxIwX`)).status, 400)
  t.equal((await patch(`${id}/resume?deployment=latest`)).status, 200)
  await untilAsleep(id)
  t.equal((await patch(`${id}/kill`)).status, 200)
})

t.test('restart as new, from the input and from within the journal; purge', async (t) => {
  const id = await send('Worker/steps', 'a')
  t.equal((await result(id)).status, 200)
  ran.length = 0
  const again = await patch(`${id}/restart-as-new`)
  t.equal(again.status, 200)
  t.equal((await result(again.json.new_invocation_id)).status, 200)
  t.strictSame(ran, ['a first', 'a second'])

  ran.length = 0
  // Entries: input, run, its result, run, ...
  const rest = await patch(`${id}/restart-as-new?from=2&deployment=keep`)
  t.equal((await result(rest.json.new_invocation_id)).status, 200)
  t.strictSame(ran, ['a second'])
  t.match(await until(rest.json.new_invocation_id, 'completed'), { invoked_by: 'restart_as_new', restarted_from: id })
  t.match(await patch(`${id}/restart-as-new?from=99`), { status: 400 })

  t.equal((await patch(`${id}/purge-journal`)).status, 200)
  t.equal((await patch(`${id}/restart-as-new`)).status, 410)
  t.equal((await result(id)).status, 200, 'the result is still there')
  t.equal((await patch(`${id}/purge`)).status, 200)
  t.equal((await patch(`${id}/purge`)).status, 404)
})

t.test('a batch', async (t) => {
  const ids = [await send('Worker/wait'), await send('Worker/wait')]
  const batch = (operation: string) =>
    ask('POST', `${server.admin}/internal/invocations_batch_operations/${operation}`, { invocation_ids: ids })
  t.strictSame((await batch('kill')).json, { succeeded: ids, failed: [] })
  t.match((await batch('kill')).json, { succeeded: [], failed: { length: 2 } })
  t.strictSame((await batch('purge')).json, { succeeded: ids, failed: [] })
})

t.test('state, with and without its version', async (t) => {
  const count = async () => (await ask('POST', `${server.ingress}/Counter/s/get`)).json
  const set = (body: object) => ask('POST', `${server.admin}/services/Counter/state`, { object_key: 's', ...body })
  t.equal(await count(), null)
  const emptyVersion = '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU'
  t.equal((await set({ new_state: { count: [52, 50] }, version: emptyVersion })).status, 202)
  t.equal(await count(), 42)
  t.equal((await set({ new_state: { count: '7' }, version: emptyVersion })).status, 202)
  t.equal(await count(), 42, 'another version is there')
  await set({ new_state: { count: '7' } })
  t.equal(await count(), 7)
  await set({ new_state: {} })
  t.equal(await count(), null)
})
