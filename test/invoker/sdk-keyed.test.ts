import * as restate from '@restatedev/restate-sdk'
import t from 'tap'
import type { ServiceRecord } from '../../src/core/deployment.ts'
import type { Invocation } from '../../src/core/invocation.ts'
import { handler, service } from './samples.ts'
import { type Kind, kindsOf, resultOf, startSdk } from './sdk-rig.ts'

const counter = restate.object({
  name: 'Counter',
  handlers: {
    add: async (ctx: restate.ObjectContext, by: number) => {
      const before = (await ctx.get<number>('count')) ?? 0
      ctx.set('count', before + by)
      ctx.set('last', by)
      return { before, after: await ctx.get<number>('count'), keys: await ctx.stateKeys() }
    },
    reset: async (ctx: restate.ObjectContext, name: string | null) => {
      if (name === null) ctx.clearAll()
      else ctx.clear(name)
    },
    keys: restate.handlers.object.shared(async (ctx: restate.ObjectSharedContext) => ctx.stateKeys()),
    get: restate.handlers.object.shared(async (ctx: restate.ObjectSharedContext) => ({
      key: ctx.key,
      count: await ctx.get<number>('count'),
    })),
    hold: async (ctx: restate.ObjectContext) => {
      const { id, promise } = ctx.awakeable<string>()
      ctx.set('awakeable', id)
      return promise
    },
  },
})

const flow = restate.workflow({
  name: 'Flow',
  handlers: {
    run: async (ctx: restate.WorkflowContext, who: string) => {
      ctx.set('who', who)
      const approval = await ctx.promise<string>('approval')
      return `${who} ${approval} ${await ctx.promise<string>('approval').peek()}`
    },
    approve: async (ctx: restate.WorkflowSharedContext, answer: string) => {
      const before = await ctx.promise<string>('approval').peek()
      await ctx.promise<string>('approval').resolve(answer)
      return before ?? null
    },
    reject: async (ctx: restate.WorkflowSharedContext, why: string) => ctx.promise<string>('approval').reject(why),
  },
})

const lab = restate.service({
  name: 'Lab',
  handlers: {
    // What an object holds is an awakeable of another invocation.
    release: async (ctx: restate.Context, { id, answer, fails }: { id: string; answer: string; fails?: boolean }) => {
      if (fails === true) ctx.rejectAwakeable(id, answer)
      else ctx.resolveAwakeable(id, answer)
    },
    chain: async (ctx: restate.Context, key: string) => {
      const first = await ctx.objectClient(counter, key).add(1)
      const second = await ctx.objectClient(counter, key).add(10)
      return [first.after, second.after, (await ctx.objectClient(counter, key).get()).count]
    },
    once: async (ctx: restate.Context, key: string) => {
      const send = ctx.objectSendClient(counter, key)
      const handle = send.add(5, restate.rpc.sendOpts({ idempotencyKey: 'once' }))
      const id = await handle.invocationId
      const again = send.add(5, restate.rpc.sendOpts({ idempotencyKey: 'once' }))
      const attached = await ctx.attach<{ after: number }>(restate.InvocationIdParser.fromString(id))
      return { same: (await again.invocationId) === id, after: attached.after }
    },
    stop: async (ctx: restate.Context, id: string) => ctx.cancel(restate.InvocationIdParser.fromString(id)),
  },
})

function records(enableLazyState: boolean): ServiceRecord[] {
  return [
    service('Counter', {
      type: 'VirtualObject',
      enableLazyState,
      handlers: [
        ...['add', 'reset', 'hold'].map((name) => handler(name, { type: 'Exclusive' })),
        ...['get', 'keys'].map((name) => handler(name, { type: 'Shared' })),
      ],
    }),
    service('Flow', {
      type: 'Workflow',
      enableLazyState,
      handlers: [
        handler('run', { type: 'Workflow' }),
        ...['approve', 'reject'].map((name) => handler(name, { type: 'Shared' })),
      ],
    }),
    service('Lab', { handlers: ['release', 'chain', 'once', 'stop'].map((name) => handler(name)) }),
  ]
}

interface Variant {
  readonly kind: Kind
  readonly lazy: boolean
  readonly v7: boolean
}

const variants: readonly Variant[] = [
  { kind: 'both ways', lazy: false, v7: false },
  { kind: 'both ways', lazy: true, v7: false },
  { kind: 'both ways', lazy: false, v7: true },
  { kind: 'request/response', lazy: false, v7: false },
  { kind: 'request/response', lazy: true, v7: true },
  { kind: 'HTTP/1.1', lazy: true, v7: false },
]

const stateReads = (invocation: Invocation): string[] =>
  kindsOf(invocation).filter((type) => ['402', '406', '407', '408'].includes(type))

for (const { kind, lazy, v7 } of variants) {
  t.test(`${kind}, ${lazy ? 'lazy' : 'eager'} state, ${v7 ? 'V7' : 'V6'}`, async (t) => {
    const config = { inactivityTimeoutMs: 100, enableProtocolV7: v7 }
    const { host } = await startSdk(t, kind, [counter, flow, lab], records(lazy), { config })

    t.test('an object keeps its state', async (t) => {
      const first = await host.call('Counter', 'add', 2, 'k1')
      t.same(resultOf(first), { before: 0, after: 2, keys: ['count', 'last'] })
      t.equal(first.pinned?.protocolVersion, v7 ? 7 : 6)
      const second = await host.call('Counter', 'add', 3, 'k1')
      t.same(resultOf(second), { before: 2, after: 5, keys: ['count', 'last'] })
      // What it has set itself the SDK knows; which keys there are it must ask for, if it was not told all of them.
      t.same(stateReads(second), lazy ? ['402', '407', '406'] : ['407', '407', '408'])
      t.same(resultOf(await host.call('Counter', 'get', null, 'k1')), { key: 'k1', count: 5 })
      t.same(resultOf(await host.call('Counter', 'get', null, 'k 2/ü')), { key: 'k 2/ü', count: null })
    })

    t.test('and forgets it', async (t) => {
      await host.call('Counter', 'add', 1, 'k3')
      await host.call('Counter', 'reset', 'last', 'k3')
      t.same(resultOf(await host.call('Counter', 'keys', null, 'k3')), ['count'])
      await host.call('Counter', 'reset', null, 'k3')
      t.same(resultOf(await host.call('Counter', 'keys', null, 'k3')), [])
      t.same(resultOf(await host.call('Counter', 'get', null, 'k3')), { key: 'k3', count: null })
    })

    t.test('calls to objects, by their key', async (t) => {
      t.same(resultOf(await host.call('Lab', 'chain', 'k4')), [1, 11, 11])
    })

    t.test('an idempotency key runs it once; attach waits for the result', async (t) => {
      t.same(resultOf(await host.call('Lab', 'once', 'k5')), { same: true, after: 5 })
    })

    for (const fails of [false, true]) {
      t.test(`an awakeable that is ${fails ? 'rejected' : 'resolved'} by another invocation`, async (t) => {
        const held = host.call('Counter', 'hold', null, `k6 ${fails}`)
        await host.until('hold', 'suspended')
        const id = String(
          JSON.parse(String(host.state.keyed('Counter', `k6 ${fails}`).state.get('awakeable') ?? 'null')),
        )
        t.match(id, /^sign_1/)
        await host.call('Lab', 'release', { id, answer: 'first', fails })
        await host.call('Lab', 'release', { id, answer: 'second' })
        const result = resultOf(await held)
        if (fails) t.match(result, { kind: 'failure', failure: { message: 'first' } })
        else t.equal(result, 'first')
      })
    }

    t.test('a workflow waits for its promise', async (t) => {
      const run = host.call('Flow', 'run', 'Ada', 'w1')
      await host.until('run', 'suspended')
      t.equal(resultOf(await host.call('Flow', 'approve', 'yes', 'w1')), null)
      t.equal(resultOf(await run), 'Ada yes yes')
      const again = await host.call('Flow', 'approve', 'no', 'w1')
      t.match(again.result, { kind: 'failure', failure: { code: 409 } })
    })

    t.test('a promise may be rejected before anybody waits', async (t) => {
      await host.call('Flow', 'reject', 'no way', 'w2')
      const run = await host.call('Flow', 'run', 'Ada', 'w2')
      t.match(run.result, { kind: 'failure', failure: { message: 'no way' } })
    })

    t.test('a handler cancels another one', async (t) => {
      const held = host.call('Counter', 'hold', null, 'k7')
      const { id } = await host.until('hold', 'suspended')
      await host.call('Lab', 'stop', id)
      t.match((await held).result, { kind: 'failure', failure: { code: 409 } })
    })

    t.same(
      host.failures.map(({ failure }) => failure),
      [],
      'no attempt failed',
    )
  })
}
