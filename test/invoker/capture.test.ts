import t from 'tap'
import { Invoker } from '../../src/invoker/invoker.ts'
import { MessageType } from '../../src/protocol/message-type.ts'
import { decodeInput } from '../../src/protocol/messages/input.ts'
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
    default:
      return { type, payload: payload.toString('hex') }
  }
}

// The recorded SDK answers; what we send to it must be what the official server sent.
t.test('an invocation of the official server and SDK, attempt by attempt', async (t) => {
  const [first] = fromServer
  const input = decodeInput(first?.frames[1]?.payload ?? Buffer.alloc(0)).value
  await using fake = new FakeService(async (exchange) => {
    const recorded = fromSdk[fake.exchanges.indexOf(exchange)]
    await exchange.until((e) => e.ended)
    exchange.accept()
    for (const frame of recorded?.frames ?? []) exchange.send(frame.type, frame.payload, frame.flags)
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
