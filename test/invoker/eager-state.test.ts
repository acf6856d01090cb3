import t from 'tap'
import { eagerStateOf } from '../../src/invoker/eager-state.ts'
import { decodeStart } from '../../src/protocol/messages/start.ts'
import { Rig, type RigOptions } from './rig.ts'
import { allKinds, counterTarget, flowTarget, greeterTarget, handler, invocation, service } from './samples.ts'

const state = new Map([
  ['b', Buffer.from('22')],
  ['\xff', Buffer.from('333')],
  ['a', Buffer.from('1')],
  ['B', Buffer.from('')],
])
const sorted = ['B=', 'a=1', 'b=22', '\xff=333']

function textOf({ entries }: Pick<ReturnType<typeof eagerStateOf>, 'entries'>): string[] {
  return entries.map(({ key, value }) => `${Buffer.from(key).toString('latin1')}=${Buffer.from(value)}`)
}

t.test('sorted by bytes, cut in front of the first entry that does not fit', async (t) => {
  const cases: readonly (readonly [limitBytes: number, entries: readonly string[], isPartial: boolean])[] = [
    [1000, sorted, false],
    [10, sorted, false],
    [9, sorted.slice(0, 3), true],
    [6, sorted.slice(0, 3), true],
    [5, sorted.slice(0, 2), true],
    [1, sorted.slice(0, 1), true],
    [0, [], true],
  ]
  for (const [limitBytes, entries, isPartial] of cases) {
    const eager = eagerStateOf(state, limitBytes)
    t.same(textOf(eager), entries, `${limitBytes} bytes`)
    t.equal(eager.isPartial, isPartial, `${limitBytes} bytes`)
  }
  t.same(eagerStateOf(new Map(), 1), { entries: [], isPartial: false })
  t.same(eagerStateOf(undefined, 1000), { entries: [], isPartial: true })
  const gap = new Map([
    ['a', Buffer.alloc(5)],
    ['b', Buffer.alloc(50)],
    ['c', Buffer.alloc(1)],
  ])
  t.same(textOf(eagerStateOf(gap, 40)).length, 1, 'a later one that would fit is not taken')
})

t.test('what Start says of state and key', async (t) => {
  const lazyHandler = service('Counter', {
    type: 'VirtualObject',
    enableLazyState: false,
    handlers: [handler('add', { type: 'Exclusive', enableLazyState: true })],
  })
  const lazyService = service('Counter', {
    type: 'VirtualObject',
    enableLazyState: true,
    handlers: [handler('add', { type: 'Exclusive' }), handler('get', { type: 'Shared', enableLazyState: false })],
  })
  const get = { ...counterTarget, handler: 'get', handlerType: 'Shared' } as const
  const all = [...sorted]
  const cases: readonly {
    readonly name: string
    readonly target: typeof greeterTarget
    readonly services?: RigOptions['deployment']
    readonly limitBytes?: number
    readonly entries: readonly string[]
    readonly isPartial: boolean
  }[] = [
    { name: 'an exclusive handler', target: counterTarget, entries: all, isPartial: false },
    { name: 'a shared handler', target: get, entries: all, isPartial: false },
    { name: 'a workflow', target: flowTarget, entries: all, isPartial: false },
    { name: 'a plain service', target: greeterTarget, entries: [], isPartial: true },
    {
      name: 'lazy for the handler',
      target: counterTarget,
      services: { services: [lazyHandler] },
      entries: [],
      isPartial: true,
    },
    {
      name: 'lazy for the service',
      target: counterTarget,
      services: { services: [lazyService] },
      entries: [],
      isPartial: true,
    },
    {
      name: 'lazy for the service, not for the handler',
      target: get,
      services: { services: [lazyService] },
      entries: all,
      isPartial: false,
    },
    { name: 'no eager state at all', target: counterTarget, limitBytes: 0, entries: [], isPartial: true },
    { name: 'too much state', target: counterTarget, limitBytes: 9, entries: all.slice(0, 3), isPartial: true },
  ]
  for (const { name, target, services, limitBytes, entries, isPartial } of cases) {
    await using rig = await Rig.start({
      script: (exchange) => void exchange.accept().output('1').end(),
      deployment: { services: allKinds, ...services },
      ...(limitBytes === undefined ? {} : { config: { eagerStateSizeLimitBytes: limitBytes } }),
    })
    rig.run(invocation({ target }), target.key === undefined ? undefined : state)
    await rig.host.atLeast(2)
    const [exchange] = rig.service.exchanges
    const start = decodeStart(exchange?.frames[0]?.payload ?? Buffer.alloc(0))
    t.same(textOf({ entries: start.stateMap }), entries, name)
    t.equal(start.partialState, isPartial, name)
    t.equal(start.key, target.key ?? '', name)
    t.equal(exchange?.headers['x-restate-service-key'], target.key, name)
  }
})

t.test('state is read when the attempt starts, not when it is ordered', async (t) => {
  await using rig = await Rig.start({
    script: (exchange) => void exchange.accept(),
    deployment: { services: allKinds },
    config: { concurrentInvocationsLimit: 1 },
  })
  const first = rig.run()
  const changing = new Map([['a', Buffer.from('old')]])
  const second = rig.run(invocation({ target: counterTarget }), changing)
  changing.set('a', Buffer.from('new'))
  rig.invoker.abort(first.seq)
  const until = performance.now() + 30_000
  const exchangeOf = () => rig.service.exchanges.find((e) => e.headers['x-restate-invocation-id'] === second.id)
  while (exchangeOf() === undefined && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 2))
  const exchange = await exchangeOf()?.until((e) => e.frames.length === 2)
  t.same(textOf({ entries: decodeStart(exchange?.frames[0]?.payload ?? Buffer.alloc(0)).stateMap }), ['a=new'])
})
