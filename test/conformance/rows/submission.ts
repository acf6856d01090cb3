import { type Context, service } from '@restatedev/restate-sdk'
import { CommandRefused } from '../../../src/errors/invoker.ts'
import { requireIdempotencyKey } from '../../../src/invoker/commands/preconditions.ts'
import { Bench, eventTypes } from '../../core/fixtures.ts'
import { corner } from '../corner.ts'
import { deploy } from '../deployed.ts'
import { eventually } from '../polling.ts'
import { unique } from '../unique.ts'

const ULID = /^[0-9A-HJKMNP-TV-Z]{26}$/

/** Submission and deduplication. */
export const submission = [
  corner(1, 'one idempotency key, two calls: one id, one result, one run', {
    sdk: async (t, { server, noted }) => {
      const key = unique()
      const call = () => server.call('Leaf/record', { name: key, value: 1 }, { key })
      const [first, second] = await Promise.all([call(), call()])
      const later = await call()
      t.match([first, second, later], Array(3).fill({ status: 200, json: 1, id: first.id }))
      t.ok(later.headers.get('idempotency-expires'))
      t.same(await noted(key), [1])
    },
  }),

  corner(2, 'the same key with another body: the first result', {
    sdk: async (t, { server, noted }) => {
      const key = unique()
      await server.call('Leaf/record', { name: key, value: 'first' }, { key })
      const second = await server.call('Leaf/record', { name: key, value: 'second' }, { key })
      t.match(second, { status: 200, json: 'first' })
      t.same(await noted(key), ['first'])
    },
  }),

  corner(3, 'a send with the key of what has completed: previously accepted', {
    sdk: async (t, { server }) => {
      const key = unique()
      const { id } = await server.call('Leaf/record', { name: key, value: 1 }, { key })
      const again = await server.send('Leaf/record', { name: key, value: 1 }, { key })
      t.match(again, { status: 'PreviouslyAccepted', invocationId: id })
    },
  }),

  corner(4, 'a delayed send, again with another delay: the first time stands', {
    sdk: async (t, { server }) => {
      const key = unique()
      const first = await server.send('Leaf/wait', undefined, { key, delay: '1h' })
      const second = await server.send('Leaf/wait', undefined, { key, delay: '2h' })
      t.match(first, { status: 'Accepted', executionTime: /T.*Z$/ })
      t.same(second, { ...first, status: 'PreviouslyAccepted' })
    },
  }),

  corner(5, 'a call with the key of a scheduled invocation waits for it', {
    sdk: async (t, { server, noted }) => {
      const key = unique()
      const sentAt = Date.now()
      const { invocationId } = await server.send('Leaf/record', { name: key, value: 'sent' }, { key, delay: '600ms' })
      const called = await server.call('Leaf/record', { name: key, value: 'called' }, { key })
      t.match(called, { status: 200, json: 'sent', id: invocationId })
      t.ok(Date.now() - sentAt >= 600)
      t.same(await noted(key), ['sent'])
    },
  }),

  corner(6, 'the same key on another handler or object key: another invocation', {
    sdk: async (t, { server }) => {
      const key = unique()
      const input = { name: key, value: 1 }
      const sent = await Promise.all([
        server.send('Leaf/record', input, { key }),
        server.send('Leaf/recordToo', input, { key }),
        server.send(`Cell/${key}-a/push`, 'x', { key }),
        server.send(`Cell/${key}-b/push`, 'x', { key }),
      ])
      t.match(sent, Array(4).fill({ status: 'Accepted' }))
      t.equal(new Set(sent.map((one) => one.invocationId)).size, 4)
    },
  }),

  corner(7, 'without a key: invocations of their own, which show a key that was made for them', {
    sdk: async (t, { server }) => {
      const input = { name: unique(), value: 1 }
      const [a, b] = await Promise.all([server.call('Leaf/record', input), server.call('Leaf/record', input)])
      t.not(a.id, b.id)
      const [viewOfA, viewOfB] = await Promise.all([server.find(a.id), server.find(b.id)])
      t.match([viewOfA?.idempotency_key, viewOfB?.idempotency_key], [ULID, ULID])
      t.not(viewOfA?.idempotency_key, viewOfB?.idempotency_key)
    },
  }),

  corner(8, 'a delay of 0 s: accepted with its time, runs at once', {
    sdk: async (t, { server }) => {
      const sent = await server.send('Leaf/record', { name: unique(), value: 1 }, { delay: '0s' })
      t.match(sent, { status: 'Accepted', executionTime: /T.*Z$/ })
      t.match(await server.attach(sent.invocationId), { status: 200, json: 1 })
    },
  }),

  corner(9, 'a delay on a call: refused', {
    sdk: async (t, { server, noted }) => {
      const name = unique()
      const answer = await server.call('Leaf/record', { name, value: 1 }, { delay: '1s' })
      t.match(answer, { status: 400, json: { code: 400, source: 'ingress' } })
      t.same(await noted(name), [])
    },
  }),

  corner(10, 'unknown service 404, unknown handler 404 with another text, private 400', {
    sdk: async (t, { server }) => {
      const service = await server.call(`No${unique()}/wait`)
      const handler = await server.call('Leaf/nothing')
      const secret = await server.call('Leaf/secret')
      t.match([service, handler], Array(2).fill({ status: 404, json: { code: 404, source: 'ingress' } }))
      t.notSame(service.json, handler.json)
      t.match(secret, { status: 400, json: { code: 400, source: 'ingress' } })
    },
  }),

  corner(11, 'a handler calls an unknown service: it backs off, and goes on when that is registered', {
    sdk: async (t, { server }) => {
      const name = `Late${unique()}`
      const { invocationId } = await server.send('Caller/forward', { service: name, handler: 'greet', input: 'you' })
      const isRefused = (view: Awaited<ReturnType<typeof server.find>>) => view?.last_failure_error_code === 'RT0018'
      await eventually('RT0018', () => server.find(invocationId), isRefused)
      const greet = async (_ctx: Context, whom: string) => `hello ${whom}`
      const { uri } = await deploy(t, [service({ name, handlers: { greet } })])
      await server.register(uri)
      t.match(await server.attach(invocationId), { status: 200, json: { value: 'hello you' } })
    },
  }),

  corner(12, 'a handler calls with an empty idempotency key: RT0017, retried', {
    core: (t) => {
      t.throws(() => requireIdempotencyKey(''), CommandRefused)
      t.equal(CommandRefused.definition.restateCode, 'RT0017')
    },
    // The official SDK refuses such a key before the server sees it; to the operator it is the same.
    sdk: async (t, { server, untilAttempts, noted }) => {
      const name = unique()
      const call = { service: 'Leaf', handler: 'record', input: { name, value: 1 }, idempotencyKey: '' }
      const { invocationId } = await server.send('Caller/forward', call)
      await untilAttempts(invocationId, 3)
      t.match(await server.find(invocationId), { last_failure: /empty/ })
      t.same(await noted(name), [])
      await server.operate(invocationId, 'kill')
    },
  }),

  corner(13, 'a key after the purge of its invocation: runs again under the same id', {
    sdk: async (t, { server, noted }) => {
      const key = unique()
      const first = await server.call('Leaf/record', { name: key, value: 1 }, { key })
      t.equal((await server.operate(first.id, 'purge')).status, 200)
      const second = await server.call('Leaf/record', { name: key, value: 2 }, { key })
      t.match(second, { status: 200, json: 2, id: first.id })
      t.same(await noted(key), [1, 2])
    },
  }),

  corner(14, 'a key that has expired runs again, whether it has been cleaned up or not', {
    restate: 'it deduplicates until the next hourly scan',
    core: (t) => {
      const bench = new Bench()
      const invoke = () => bench.invoke('keyed', { idempotencyKey: 'k', completionRetentionMs: 1000 })
      invoke()
      bench.output('keyed', 'result')
      bench.end('keyed')
      bench.now += 999
      t.same(eventTypes(invoke()), [], 'until its end it is known')
      bench.now += 1
      t.same(eventTypes(invoke()), ['invocation-purged', 'invocation-created'])
    },
    sdk: async (t, { server }) => {
      const key = unique()
      const first = await server.call('Limited/keepsBriefly', key, { key })
      const isOver = ({ status }: { readonly status: number }) => status === 404
      await eventually('it expires', () => server.output(first.id), isOver)
      t.match(await server.call('Limited/keepsBriefly', key, { key }), { status: 200, json: 2, id: first.id })
    },
  }),

  corner(15, 'cancel or kill of what has a key and has not started: the key is free', {
    sdk: async (t, { server, noted }) => {
      for (const operation of ['cancel', 'kill'] as const) {
        const key = unique()
        const scheduled = await server.send('Leaf/record', { name: key, value: 1 }, { key, delay: '1h' })
        t.equal((await server.operate(scheduled.invocationId, operation)).status, 200)
        const again = await server.call('Leaf/record', { name: key, value: 2 }, { key })
        t.match(again, { status: 200, json: 2, id: scheduled.invocationId })
        t.same(await noted(key), [2])

        const holder = await server.send(`Cell/${key}/hold`, 'holder')
        const queued = await server.send(`Cell/${key}/push`, 'queued', { key })
        await server.until(queued.invocationId, 'pending')
        t.equal((await server.operate(queued.invocationId, operation)).status, 200)
        const queuedAgain = await server.send(`Cell/${key}/push`, 'again', { key })
        t.match(queuedAgain, { status: 'Accepted', invocationId: queued.invocationId })
        await server.resolve(holder.invocationId, 'done')
        t.match(await server.attach(queuedAgain.invocationId), { json: ['holder', 'again'] })
      }
    },
  }),

  corner(16, 'a key used by a handler and at ingress: one invocation', {
    sdk: async (t, { server, noted }) => {
      const key = unique()
      const ofHandler = {
        service: 'Leaf',
        handler: 'record',
        input: { name: key, value: 'handler' },
        idempotencyKey: key,
      }
      const first = await server.call('Leaf/record', { name: key, value: 'ingress' }, { key })
      t.match(await server.call('Caller/forward', ofHandler), { json: { value: 'ingress' } })
      t.match(await server.call('Caller/forward', ofHandler), { json: { value: 'ingress' } })
      t.same(await noted(key), ['ingress'])

      const other = { ...ofHandler, idempotencyKey: `${key} too` }
      t.match(await server.call('Caller/forward', other), { json: { value: 'handler' } })
      const atIngress = await server.call('Leaf/record', { name: key, value: 'ingress' }, { key: `${key} too` })
      t.match(atIngress, { status: 200, json: 'handler' })
      t.not(atIngress.id, first.id)
      t.same(await noted(key), ['ingress', 'handler'])
    },
  }),
]
