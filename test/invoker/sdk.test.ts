import * as restate from '@restatedev/restate-sdk'
import t, { type Test } from 'tap'
import { handler, type invokerConfig, service } from './samples.ts'
import { type Kind, kindsOf, resultOf, startSdk } from './sdk-rig.ts'

let failuresLeft = 0

const friend = restate.service({
  name: 'Friend',
  handlers: { greet: async (_ctx: restate.Context, name: string) => `Hello ${name}` },
})

const greeter = restate.service({
  name: 'Greeter',
  handlers: {
    greet: async (_ctx: restate.Context, name: string) => `Hello ${name}`,
    steps: async (ctx: restate.Context, count: number) => {
      const results: string[] = []
      for (let step = 0; step < count; step++) results.push(await ctx.run(`step ${step}`, () => `r${step}`))
      return results
    },
    nap: async (ctx: restate.Context, ms: number) => {
      await ctx.sleep(ms)
      return 'rested'
    },
    relay: async (ctx: restate.Context, name: string) => {
      ctx.serviceSendClient(friend).greet('nobody')
      return ctx.serviceClient(friend).greet(name)
    },
    fails: async (_ctx: restate.Context) => {
      throw new restate.TerminalError('no such thing', { errorCode: 422 })
    },
    stumbles: async (ctx: restate.Context) => {
      await ctx.run('before', () => 1)
      if (failuresLeft-- > 0) throw new Error('not yet')
      return 'at last'
    },
  },
})

const names = ['greet', 'steps', 'nap', 'relay', 'fails', 'stumbles']
const retryPolicy = { initialIntervalMs: 20, maxAttempts: 5, onMaxAttempts: 'kill' } as const
/** Only `nap` is asked to suspend soon: the others need one attempt on a slow machine, too. */
const recordsOf = (napInactivityTimeoutMs?: number) => [
  service('Greeter', {
    handlers: names.map((name) =>
      handler(
        name,
        name === 'nap' && napInactivityTimeoutMs !== undefined ? { inactivityTimeoutMs: napInactivityTimeoutMs } : {},
      ),
    ),
    retryPolicy,
  }),
  service('Friend', { handlers: [handler('greet')] }),
]

function start(
  t: Test,
  kind: Kind,
  more: { config?: Parameters<typeof invokerConfig>[0] } = {},
  records = recordsOf(),
) {
  return startSdk(t, kind, [greeter, friend], records, more)
}

for (const [kind, version] of [
  ['both ways', 6],
  ['both ways', 7],
  ['request/response', 6],
  ['request/response', 7],
  ['HTTP/1.1', 6],
] as const) {
  t.test(`${kind}, V${version}`, async (t) => {
    const config = { enableProtocolV7: version === 7 }
    const { host, invoker } = await start(t, kind, { config }, recordsOf(50))
    const streams = kind === 'both ways'

    t.test('a plain call', async (t) => {
      const done = await host.call('Greeter', 'greet', 'Ada')
      t.equal(resultOf(done), 'Hello Ada')
      t.same(done.pinned?.protocolVersion, version)
      t.equal(host.attemptsOf(done), 1)
      t.match(invoker.inspect(done.seq), undefined)
    })

    t.test('runs', async (t) => {
      const done = await host.call('Greeter', 'steps', 3)
      t.same(resultOf(done), ['r0', 'r1', 'r2'])
      t.same(kindsOf(done), ['input', '411', '8011', '411', '8011', '411', '8011', '401'])
      t.equal(host.attemptsOf(done), streams ? 1 : 4, 'without a stream back, each run needs another attempt')
    })

    t.test('a sleep is longer than the inactivity timeout: suspended, and resumed', async (t) => {
      const started = performance.now()
      const done = await host.call('Greeter', 'nap', 400)
      t.equal(resultOf(done), 'rested')
      t.ok(performance.now() - started >= 400)
      t.same(kindsOf(done), ['input', '40c', '800c', '401'])
      t.equal(host.attemptsOf(done), 2)
    })

    t.test('calls between services', async (t) => {
      const done = await host.call('Greeter', 'relay', 'Grace')
      t.equal(resultOf(done), 'Hello Grace')
      const kinds = kindsOf(done)
      t.same(kinds.slice(0, 3), ['input', '40e', '800e'])
      t.same([...kinds].sort(), ['401', '40d', '40e', '800d', '800e', '800e', 'input'])
    })

    t.test('a terminal error is a result', async (t) => {
      const done = await host.call('Greeter', 'fails', null)
      t.match(resultOf(done), { kind: 'failure', failure: { code: 422, message: 'no such thing' } })
    })

    t.test('an error is retried, and what was stored is not done again', async (t) => {
      failuresLeft = 2
      const failuresBefore = host.failures.length
      const done = await host.call('Greeter', 'stumbles', null)
      t.equal(resultOf(done), 'at last')
      t.same(kindsOf(done), ['input', '411', '8011', '401'])
      const failures = host.failures.slice(failuresBefore)
      t.equal(failures.length, 2)
      t.match(failures[0], { failure: { message: /not yet/, restateCode: 'RT0007' }, outcome: { kind: 'retry' } })
    })

    t.test('until attempts are used up', async (t) => {
      failuresLeft = 99
      const done = await host.call('Greeter', 'stumbles', null)
      t.match(resultOf(done), { kind: 'failure', failure: { message: /not yet/ } })
    })

    t.equal(host.failures.filter(({ failure }) => failure.restateCode !== 'RT0007').length, 0)
  })
}

t.test('a handler that the service does not have', async (t) => {
  const { host } = await start(t, 'both ways')
  const done = await host.call('Greeter', 'nothing', null)
  t.match(resultOf(done), { kind: 'failure', failure: { message: /404/ } })
  t.ok(host.failures.every(({ failure }) => failure.restateCode === 'RT0012'))
})

t.test('200 attempts at once share few connections', async (t) => {
  const { host, invoker, sessions } = await start(t, 'both ways')
  const calls = Array.from({ length: 200 }, (_, index) =>
    index % 4 === 0 ? host.call('Greeter', 'steps', 3) : host.call('Greeter', 'nap', 100),
  )
  const done = await Promise.all(calls)
  t.ok(done.every(({ result }) => result?.kind === 'value'))
  t.ok(sessions() <= 3, `${sessions()} connections`)
  t.equal(host.failures.length, 0)
  t.equal(invoker.counters.attemptsStarted, 200, 'nobody was suspended')
})
