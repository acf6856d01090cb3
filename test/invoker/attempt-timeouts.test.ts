import http2 from 'node:http2'
import t from 'tap'
import { MessageType } from '../../src/protocol/message-type.ts'
import { encodeSuspension } from '../../src/protocol/messages/suspension.ts'
import { textOf } from './recording-host.ts'
import { firstExchange, Rig } from './rig.ts'
import { handler, runCompletion, runPayload, service } from './samples.ts'

const suspension = encodeSuspension({ waitingCompletions: [1], waitingSignals: [1], waitingNamedSignals: [] })

t.test('request/response mode: the request ends with the replay', async (t) => {
  for (const options of [
    { deployment: { protocolMode: 'REQUEST_RESPONSE' as const } },
    { config: { inactivityTimeoutMs: 0 } },
  ]) {
    await using rig = await Rig.start({
      script: async (exchange) => {
        await exchange.until((e) => e.ended)
        exchange.accept().send(MessageType.Suspension, suspension).stream.end()
      },
      ...options,
    })
    const subject = rig.run()
    const exchange = await firstExchange(rig)
    await exchange.until((e) => e.ended)
    subject.journal.push(runCompletion)
    rig.invoker.notify(subject, 1)
    await rig.host.atLeast(1)
    t.same(rig.host.commands.map(textOf), ['suspend 1 / 1 / seen 1'])
    t.equal(exchange.types(), '0000 0400')
  }
})

t.test('inactivity half-closes the request, and each message puts it off', async (t) => {
  await using rig = await Rig.start({
    script: async (exchange) => {
      exchange.accept()
      for (let step = 0; step < 4; step++) {
        await new Promise((resolve) => setTimeout(resolve, 1000))
        t.notOk(exchange.ended)
        exchange.send(MessageType.Run, runPayload)
      }
      exchange.staysOpen = true
      await exchange.until((e) => e.ended)
      exchange.send(MessageType.Suspension, suspension).stream.end()
    },
    // Shorter than the four steps together, and long enough for each of them on a slow machine.
    config: { inactivityTimeoutMs: 3500 },
  })
  rig.run()
  const started = performance.now()
  await rig.host.atLeast(5)
  const tookMs = performance.now() - started
  t.same(rig.host.commands.slice(4).map(textOf), ['suspend 1 / 1 / seen 1'])
  t.ok(tookMs >= 7400 && tookMs < 60_000, `${tookMs} ms`)
})

t.test('the options of the handler go before those of the service, those before the configuration', async (t) => {
  const never = 1e6
  const options = [
    { handler: { inactivityTimeoutMs: 50 }, service: { inactivityTimeoutMs: never }, config: never },
    { handler: {}, service: { inactivityTimeoutMs: 50 }, config: never },
    { handler: {}, service: {}, config: 50 },
  ]
  for (const option of options) {
    await using rig = await Rig.start({
      script: (exchange) => void exchange.accept(),
      config: { inactivityTimeoutMs: option.config },
      deployment: {
        services: [service('Greeter', { ...option.service, handlers: [handler('greet', option.handler)] })],
      },
    })
    rig.run()
    const exchange = await firstExchange(rig)
    await exchange.until((e) => e.ended)
    t.same(rig.host.proposals, [])
  }
})

t.test('attack 39: the abort timeout ends a service that hangs, with or without headers', async (t) => {
  for (const answers of [true, false]) {
    await using rig = await Rig.start({
      script: (exchange) => {
        exchange.staysOpen = true
        if (answers) exchange.accept()
      },
      config: { inactivityTimeoutMs: 50, abortTimeoutMs: 100 },
    })
    rig.run()
    const started = performance.now()
    await rig.host.atLeast(1)
    const tookMs = performance.now() - started
    t.ok(tookMs >= 150 && tookMs < 30_000, `${tookMs} ms`)
    t.same(rig.host.commands.map(textOf), ['fail 500 RT0001 retry'])
    const exchange = await firstExchange(rig)
    await exchange.until((e) => e.closed)
    t.equal(exchange.rstCode, http2.constants.NGHTTP2_CANCEL)
  }
})

t.test('attack 39: a service that does not end its response is drained, then reset', async (t) => {
  await using rig = await Rig.start({
    script: (exchange) => {
      exchange.staysOpen = true
      exchange.accept().output('1').end()
    },
  })
  const started = performance.now()
  rig.run()
  await rig.host.atLeast(2)
  const exchange = await firstExchange(rig)
  await exchange.until((e) => e.ended)
  t.notOk(exchange.closed)
  await exchange.until((e) => e.closed)
  const tookMs = performance.now() - started
  t.ok(tookMs > 4900 && tookMs < 30_000, `${tookMs} ms`)
  t.equal(exchange.rstCode, http2.constants.NGHTTP2_CANCEL)
  t.equal(rig.invoker.inFlight, 0)
})

t.test('a service that breaks the rules is reset at once', async (t) => {
  await using rig = await Rig.start({
    script: (exchange) => {
      exchange.staysOpen = true
      exchange.accept().send(0xfc01)
    },
  })
  rig.run()
  await rig.host.atLeast(1)
  const exchange = await firstExchange(rig)
  // Before the drain would be over.
  await exchange.until((e) => e.closed, 4800)
  t.equal(exchange.rstCode, http2.constants.NGHTTP2_CANCEL)
})
