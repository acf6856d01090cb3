import { once } from 'node:events'
import { createServer as createHttp1Server } from 'node:http'
import { createServer, type Http2Server } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import * as restate from '@restatedev/restate-sdk'
import t, { type Test } from 'tap'
import type { DeploymentRecord } from '../../src/core/deployment.ts'
import type { Invocation } from '../../src/core/invocation.ts'
import { Invoker, type InvokerOptions } from '../../src/invoker/invoker.ts'
import { CoreHost } from './core-host.ts'
import { defaults, deployment, handler, invokerConfig, service, silentLog } from './samples.ts'

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

type Kind = 'both ways' | 'request/response' | 'HTTP/1.1'

async function start(t: Test, kind: Kind, more: { config?: Parameters<typeof invokerConfig>[0] } = {}) {
  const bidirectional = kind === 'both ways'
  let sessions = 0
  let server: Http2Server | Server
  if (kind === 'HTTP/1.1') {
    server = createHttp1Server(
      restate.createEndpointHandler({ services: [greeter, friend], bidirectional, logger: () => undefined }),
    )
  } else {
    const http2Server = createServer(
      restate.createEndpointHandler({ services: [greeter, friend], bidirectional, logger: () => undefined }),
    )
    http2Server.on('session', () => sessions++)
    server = http2Server
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const host = new CoreHost()
  const names = ['greet', 'steps', 'nap', 'relay', 'fails', 'stumbles']
  const retryPolicy = { initialIntervalMs: 20, maxAttempts: 5, onMaxAttempts: 'kill' } as const
  const record: DeploymentRecord = deployment(`http://127.0.0.1:${port}/`, {
    protocolMode: bidirectional ? 'BIDI_STREAM' : 'REQUEST_RESPONSE',
    httpVersion: kind === 'HTTP/1.1' ? 'HTTP/1.1' : 'HTTP/2.0',
    services: [
      service('Greeter', { handlers: names.map((name) => handler(name)), retryPolicy }),
      service('Friend', { handlers: [handler('greet')] }),
    ],
  })
  host.state.schema.put(record)
  const options: InvokerOptions = {
    schema: host.state.schema,
    host,
    config: invokerConfig(more.config),
    defaults,
    log: silentLog,
  }
  const invoker = new Invoker(options)
  host.runner = invoker
  t.teardown(async () => {
    host.close()
    await invoker.close()
    server.close()
  })
  return { host, invoker, sessions: () => sessions }
}

function resultOf({ result }: Invocation): unknown {
  if (result?.kind !== 'value') return result
  return JSON.parse(Buffer.from(result.value).toString())
}

const kindsOf = ({ journal }: Invocation): string[] =>
  journal.map((entry) => (entry.kind === 'input' ? 'input' : entry.type.toString(16)))

for (const kind of ['both ways', 'request/response', 'HTTP/1.1'] as const) {
  t.test(kind, async (t) => {
    const { host, invoker } = await start(t, kind, { config: { inactivityTimeoutMs: 50 } })
    const streams = kind === 'both ways'

    t.test('a plain call', async (t) => {
      const done = await host.call('Greeter', 'greet', 'Ada')
      t.equal(resultOf(done), 'Hello Ada')
      t.same(done.pinned?.protocolVersion, 6)
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
