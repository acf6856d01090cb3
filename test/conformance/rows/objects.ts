import { Bench, bytes, effectTypes } from '../../core/fixtures.ts'
import { corner } from '../corner.ts'
import { aWhile, eventually } from '../polling.ts'
import { exclusive, shared } from '../targets.ts'
import type { TestServer } from '../test-server.ts'
import { unique } from '../unique.ts'

/** The bytes of a JSON value, as a replacement of state takes them. */
const stateOf = (entries: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, [...Buffer.from(JSON.stringify(value))]]))

/** Sends a `hold` that has the key when this resolves. */
async function holdKey(server: TestServer, key: string, handler = 'hold', status = 'running'): Promise<string> {
  const { invocationId } = await server.send(`Cell/${key}/${handler}`, 'holder')
  await server.until(invocationId, status)
  return invocationId
}

/** Sends a `push` that waits for its turn when this resolves. */
async function queue(server: TestServer, key: string, tag: string): Promise<string> {
  const { invocationId } = await server.send(`Cell/${key}/push`, tag)
  await server.until(invocationId, 'pending')
  return invocationId
}

/** Calls a `push`, and waits until it waits for its turn. */
async function callQueued(server: TestServer, key: string, tag: string) {
  const idempotencyKey = unique()
  const answer = server.call(`Cell/${key}/push`, tag, { key: idempotencyKey })
  const target = { target: 'idempotentInvocation', service: 'Cell', key, handler: 'push', idempotencyKey }
  const { json } = await server.ingress('POST', '/restate/lookup', target)
  const { invocationId: id } = json as { invocationId: string }
  await server.until(id, 'pending')
  return { id, answer }
}

/** Virtual objects. */
export const objects = [
  corner(17, 'exclusive calls of a busy key wait, and have their turns in order', {
    core: (t) => {
      const bench = new Bench()
      for (const name of ['a', 'b', 'c']) bench.invoke(name, exclusive('k'))
      t.same(
        ['a', 'b', 'c'].map((name) => bench.get(name).status),
        ['invoked', 'inboxed', 'inboxed'],
      )
      bench.output('a', '1')
      t.match(bench.end('a').effects, [
        { type: 'answer-waiting' },
        { type: 'start-attempt', invocation: { id: 'inv_b' } },
      ])
      t.equal(bench.get('c').status, 'inboxed')
    },
    sdk: async (t, { server }) => {
      const key = unique()
      const holder = await holdKey(server, key)
      const waiting = [await queue(server, key, 'b'), await queue(server, key, 'c'), await queue(server, key, 'd')]
      await server.resolve(holder, 'done')
      const answers = await Promise.all([holder, ...waiting].map((id) => server.attach(id)))
      t.same(
        answers.map(({ json }) => json),
        ['done', ['holder', 'b'], ['holder', 'b', 'c'], ['holder', 'b', 'c', 'd']],
      )
    },
  }),

  corner(18, 'a shared handler runs while the key is held', {
    core: (t) => {
      const bench = new Bench()
      bench.invoke('holder', exclusive('k'))
      t.same(effectTypes(bench.invoke('reader', shared('k'))), ['start-attempt'])
    },
    sdk: async (t, { server }) => {
      const key = unique()
      const holder = await holdKey(server, key)
      t.equal((await server.call(`Cell/${key}/keys`)).status, 200)
      t.match(await server.find(holder), { status: 'running' })
    },
  }),

  corner(19, 'other keys run at the same time', {
    sdk: async (t, { server }) => {
      const key = unique()
      const holders = [await holdKey(server, `${key}-a`), await holdKey(server, `${key}-b`)]
      t.match(await Promise.all(holders.map((id) => server.find(id))), Array(2).fill({ status: 'running' }))
      t.match(await server.call(`Cell/${key}-c/push`, 'x'), { json: ['x'] })
    },
  }),

  corner(20, 'a suspended holder keeps the key', {
    sdk: async (t, { server }) => {
      const key = unique()
      const holder = await holdKey(server, key, 'holdSuspended', 'suspended')
      const next = await queue(server, key, 'next')
      await server.resolve(holder, 'done')
      t.match(await server.attach(next), { json: ['holder', 'next'] })
    },
  }),

  corner(21, 'a paused holder keeps the key', {
    sdk: async (t, { server }) => {
      const key = unique()
      const holder = await holdKey(server, key, 'holdPaused', 'paused')
      const next = await queue(server, key, 'next')
      await aWhile()
      t.match(await server.find(next), { status: 'pending' })
      await server.operate(holder, 'kill')
      t.match(await server.attach(next), { json: ['next'] })
    },
  }),

  corner(22, 'a killed holder gives the key to the next', {
    core: (t) => {
      const bench = new Bench()
      bench.invoke('holder', exclusive('k'))
      bench.invoke('next', exclusive('k'))
      const turn = bench.operate({ type: 'kill', id: bench.get('holder').id })
      t.match(turn.effects, [
        { type: 'answer-waiting', result: { failure: { code: 409, message: 'killed' } } },
        { type: 'start-attempt', invocation: { id: 'inv_next' } },
        { type: 'abort', invocation: { id: 'inv_holder' } },
      ])
    },
    sdk: async (t, { server }) => {
      const key = unique()
      const holder = await holdKey(server, key)
      const next = await queue(server, key, 'next')
      t.equal((await server.operate(holder, 'kill')).status, 200)
      t.match(await server.attach(next), { status: 200, json: ['holder', 'next'] })
    },
  }),

  corner(23, 'cancel or kill of what is queued: its callers get 409, the others keep their order', {
    sdk: async (t, { server }) => {
      const key = unique()
      const holder = await holdKey(server, key)
      const canceled = await callQueued(server, key, 'a')
      const second = await queue(server, key, 'b')
      const killed = await callQueued(server, key, 'c')
      const fourth = await queue(server, key, 'd')
      t.equal((await server.operate(canceled.id, 'cancel')).status, 200)
      t.equal((await server.operate(killed.id, 'kill')).status, 200)
      t.match(await canceled.answer, { status: 409, json: { code: 409, message: 'canceled' } })
      t.match(await killed.answer, { status: 409, json: { code: 409, message: 'killed' } })
      t.same([await server.find(canceled.id), await server.find(killed.id)], [undefined, undefined])
      await server.resolve(holder, 'done')
      t.match(await server.attach(second), { json: ['holder', 'b'] })
      t.match(await server.attach(fourth), { json: ['holder', 'b', 'd'] })
    },
  }),

  corner(24, 'state that was written before a terminal failure stays', {
    sdk: async (t, { server }) => {
      const key = unique()
      t.equal((await server.call(`Cell/${key}/pushThenFail`, 'kept')).status, 418)
      t.match(await server.call(`Cell/${key}/list`), { json: ['kept'] })
    },
  }),

  corner(25, 'shared handlers see state before the exclusive one has ended', {
    sdk: async (t, { server }) => {
      const key = unique()
      const holder = await holdKey(server, key)
      const hasWritten = ({ json }: { readonly json: unknown }) => Array.isArray(json) && json[0] === 'holder'
      await eventually('the state is seen', () => server.call(`Cell/${key}/list`), hasWritten)
      t.match(await server.find(holder), { status: 'running' })
    },
  }),

  corner(26, 'two reads in one attempt: eagerly the same value, lazily the one of the moment', {
    sdk: async (t, { server }) => {
      const key = unique()
      await server.call(`Cell/${key}/set`, { name: 'before' })
      const eager = await server.send(`Cell/${key}/readTwice`, 'name')
      const lazy = await server.send(`Cell/${key}/readTwiceLazily`, 'name')
      await server.untilEntry(eager.invocationId, 'Command: GetEagerState')
      await server.untilEntry(lazy.invocationId, 'Notification: GetLazyState')
      await server.call(`Cell/${key}/set`, { name: 'after' })
      for (const { invocationId } of [eager, lazy]) await server.resolve(invocationId, 'go on')
      t.match(await server.attach(eager.invocationId), { json: ['before', 'before'] })
      t.match(await server.attach(lazy.invocationId), { json: ['before', 'after'] })
    },
  }),

  corner(27, 'a replacement of the state of a busy key waits for its turn, and replaces all', {
    sdk: async (t, { server }) => {
      const key = unique()
      await server.call(`Cell/${key}/set`, { old: 1 })
      const holder = await holdKey(server, key)
      const before = await queue(server, key, 'before')
      const body = { object_key: key, new_state: stateOf({ list: ['replaced'], fresh: 1 }) }
      t.equal((await server.admin('POST', '/services/Cell/state', body)).status, 202)
      const after = await queue(server, key, 'after')
      await server.resolve(holder, 'done')
      t.match(await server.attach(before), { json: ['holder', 'before'] })
      t.match(await server.attach(after), { json: ['replaced', 'after'] })
      t.match(await server.call(`Cell/${key}/keys`), { json: ['fresh', 'list'] })
    },
  }),

  corner(28, 'a replacement for another version of the state: 202, and nothing changes', {
    sdk: async (t, { server }) => {
      const key = unique()
      await server.call(`Cell/${key}/push`, 'kept')
      const body = { object_key: key, version: 'A'.repeat(43), new_state: stateOf({ list: ['replaced'] }) }
      t.equal((await server.admin('POST', '/services/Cell/state', body)).status, 202)
      t.match(await server.call(`Cell/${key}/push`, 'next'), { json: ['kept', 'next'] })
    },
  }),

  corner(29, 'a handler that calls its own key waits for ever; cancel ends it', {
    sdk: async (t, { server }) => {
      const key = unique()
      const { invocationId } = await server.send(`Cell/${key}/deadlock`)
      const attached = server.attach(invocationId)
      const callee = await server.untilCallee(invocationId)
      await server.until(callee, 'pending')
      t.equal((await server.operate(invocationId, 'cancel')).status, 202)
      t.match(await attached, { status: 409 })
      t.equal(await server.find(callee), undefined)
      t.match(await server.call(`Cell/${key}/push`, 'free'), { json: ['free'] })
    },
  }),

  corner(30, 'sends of a loop to one key arrive in order', {
    sdk: async (t, { server }) => {
      const key = unique()
      await server.call('Caller/sendMany', { key, count: 50, delayMs: 0 })
      const { json } = await server.call(`Cell/${key}/push`, 'last')
      t.same(json, [...Array.from({ length: 50 }, (_, n) => String(n)), 'last'])
    },
  }),

  corner(31, 'a delayed send to a busy key queues when it is due, behind what came before', {
    core: (t) => {
      const bench = new Bench()
      bench.invoke('holder', exclusive('k'))
      bench.invoke('delayed', { ...exclusive('k'), executionTime: bench.now + 100 })
      bench.invoke('early', exclusive('k'))
      bench.now += 100
      const timer = { kind: 'start', seq: bench.seq('delayed'), at: bench.now } as const
      bench.decide({ type: 'fire-timer', now: bench.now, timer })
      bench.invoke('late', exclusive('k'))
      const order = [...bench.state.keyed('Cell', 'k').queue].map((item) => item.kind === 'invocation' && item.seq)
      t.same(
        order,
        ['early', 'delayed', 'late'].map((name) => bench.seq(name)),
      )
    },
  }),

  corner(32, 'delayed sends that are due together arrive in the order in which they were sent', {
    restate: 'in any order',
    sdk: async (t, { server }) => {
      const key = unique()
      await server.call('Caller/sendMany', { key, count: 20, delayMs: 300 })
      const { invocationId } = await server.send(`Cell/${key}/push`, 'last', { delay: '400ms' })
      const { json } = await server.attach(invocationId)
      t.same(json, [...Array.from({ length: 20 }, (_, n) => String(n)), 'last'])
    },
  }),

  corner(33, 'keys of the state are sorted, and follow what the attempt has written', {
    restate: 'lazily read, shorter keys come first',
    core: (t) => {
      const bench = new Bench()
      bench.invoke('a', exclusive('k'))
      for (const key of ['c', 'a', 'bb', 'B'])
        bench.append('a', { kind: 'set-state', key: bytes(key), value: bytes('1') })
      bench.append('a', { kind: 'clear-state', key: bytes('a') })
      bench.append('a', { kind: 'get-state-keys', completionId: 1 })
      bench.append('a', { kind: 'clear-all-state' })
      bench.append('a', { kind: 'get-state-keys', completionId: 2 })
      const keys = (...names: string[]) => ({ result: { kind: 'state-keys', keys: names.map(bytes) } })
      t.match([bench.get('a').journal[7], bench.get('a').journal[10]], [keys('B', 'bb', 'c'), keys()])
    },
    sdk: async (t, { server }) => {
      for (const handler of ['edit', 'editLazily']) {
        const key = unique()
        await server.call(`Cell/${key}/set`, { bb: 3, b: 2, a: 1 })
        const { json } = await server.call(`Cell/${key}/${handler}`)
        t.same(json, [['a', 'b', 'bb', 'c', 'd'], 3, null, [], null, ['z'], 26], handler)
        t.match(await server.call(`Cell/${key}/keys`), { json: ['z'] })
      }
    },
  }),
]
