import t from 'tap'
import { Invoker } from '../../src/invoker/invoker.ts'
import { MessageType } from '../../src/protocol/message-type.ts'
import { decodeInput } from '../../src/protocol/messages/input.ts'
import { decodeNotification } from '../../src/protocol/messages/notification.ts'
import { decodeSleep, encodeSleep } from '../../src/protocol/messages/sleep.ts'
import { decodeStart } from '../../src/protocol/messages/start.ts'
import { type RecordedFrame, readCapture } from '../protocol/captures.ts'
import { CoreHost } from './core-host.ts'
import { FakeService } from './fake-service.ts'
import { defaults, deployment, handler, invokerConfig, service, silentLog } from './samples.ts'

const attempts = readCapture('v6-request-response').filter((stream) => stream.path === '/invoke/Lab/susp')
const fromSdk = attempts.filter((stream) => stream.title.endsWith('sdk->server'))
const fromServer = attempts.filter((stream) => stream.title.endsWith('server->sdk'))

/** All that does not depend on the invocation's id, its headers, and the time. */
function comparable({ type, payload }: Pick<RecordedFrame, 'type' | 'payload'>): unknown {
  switch (type) {
    case MessageType.Start: {
      const { knownEntries, partialState, stateMap, key, retryCountSinceLastStoredEntry } = decodeStart(payload)
      return { type, knownEntries, partialState, stateMap, key, retryCountSinceLastStoredEntry }
    }
    case MessageType.Input:
      return { type, value: decodeInput(payload).value.toString() }
    case MessageType.Sleep:
      return { type, id: decodeSleep(payload).resultCompletionId }
    case MessageType.CallInvocationIdCompletion:
      return { type, key: decodeNotification(type, payload).key }
    default:
      return { type, payload: payload.toString('hex') }
  }
}

/** What the recorded SDK says, with its sleeps over: they were until a time of those days. */
function awake({ type, payload }: RecordedFrame): Buffer {
  return type === MessageType.Sleep ? encodeSleep({ ...decodeSleep(payload), wakeUpTime: 1 }) : payload
}

// The recorded SDK answers; what we send to it must be what the official server sent.
t.test('an invocation of the official server and SDK, attempt by attempt', async (t) => {
  const [first] = fromServer
  const input = decodeInput(first?.frames[1]?.payload ?? Buffer.alloc(0)).value
  await using fake = new FakeService(async (exchange) => {
    const recorded = fromSdk[fake.exchanges.indexOf(exchange)]
    await exchange.until((e) => e.ended)
    exchange.accept()
    for (const frame of recorded?.frames ?? []) exchange.send(frame.type, awake(frame), frame.flags)
    exchange.stream.end()
  })
  const host = new CoreHost()
  host.state.schema.put(
    deployment(await fake.listen(), {
      protocolMode: 'REQUEST_RESPONSE',
      services: [service('Lab', { handlers: [handler('susp')] })],
    }),
  )
  await using invoker = new Invoker({
    schema: host.state.schema,
    host,
    config: invokerConfig(),
    defaults,
    log: silentLog,
  })
  host.runner = invoker
  const done = await host.call('Lab', 'susp', input)
  t.equal(fake.exchanges.length, fromServer.length)
  for (const [index, { frames }] of fromServer.entries()) {
    t.same(fake.exchanges[index]?.frames.map(comparable), frames.map(comparable), `attempt ${index + 1}`)
  }
  t.equal(done.result?.kind, 'value')
  t.same(host.failures, [])
  host.close()
})

for (const version of [6, 7] as const) {
  const streams = readCapture(`v${version}-worked-example`)
  const framesOf = (path: string, direction: string): readonly RecordedFrame[] =>
    streams.find((stream) => stream.path === path && stream.title.endsWith(direction))?.frames ?? []

  // State, a run, a sleep and a call on one stream: what the SDK says depends on what we have said before.
  t.test(`an invocation on one stream, frame by frame, V${version}`, async (t) => {
    const parent = '/invoke/ProtoLabCounter/work'
    await using fake = new FakeService(async (exchange) => {
      const path = String(exchange.headers[':path'])
      const sent = framesOf(path, 'server->sdk')
      exchange.accept(exchange.headers['content-type'])
      for (const frame of framesOf(path, 'sdk->server')) {
        const before = sent.filter((other) => other.order < frame.order).length
        await exchange.until((e) => e.frames.length >= before)
        exchange.send(frame.type, awake(frame), frame.flags)
      }
    })
    const host = new CoreHost()
    host.state.schema.put(
      deployment(await fake.listen(), {
        services: [
          service('ProtoLabCounter', { type: 'VirtualObject', handlers: [handler('work', { type: 'Exclusive' })] }),
          service('ProtoLabGreeter', { handlers: [handler('greet')] }),
        ],
      }),
    )
    const config = invokerConfig({ enableProtocolV7: version === 7 })
    await using invoker = new Invoker({ schema: host.state.schema, host, config, defaults, log: silentLog })
    host.runner = invoker
    const [start, input] = framesOf(parent, 'server->sdk')
    // The state that the recorded server had.
    for (const { key, value } of decodeStart(start?.payload ?? Buffer.alloc(0)).stateMap) {
      host.state.keyed('ProtoLabCounter', 'k1').state.set(Buffer.from(key).toString('latin1'), value)
    }
    const body = decodeInput(input?.payload ?? Buffer.alloc(0)).value
    const done = await host.call('ProtoLabCounter', 'work', body, 'k1')
    t.equal(fake.exchanges.length, 2)
    for (const exchange of fake.exchanges) {
      const path = String(exchange.headers[':path'])
      t.same(exchange.frames.map(comparable), framesOf(path, 'server->sdk').map(comparable), path)
      t.equal(exchange.headers['content-type'], `application/vnd.restate.invocation.v${version}`)
      t.equal(exchange.headers['x-restate-service-key'], path === parent ? 'k1' : undefined)
    }
    t.equal(done.result?.kind, 'value')
    t.same(host.failures, [])
    host.close()
  })
}
