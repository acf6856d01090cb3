import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { Schema } from '../../src/core/schema.ts'
import { ServiceUnreachable } from '../../src/errors/invoker.ts'
import type { EgressPolicy } from '../../src/invoker/egress/egress-policy.ts'
import { Http11Transport } from '../../src/invoker/http-11.ts'
import { Invoker } from '../../src/invoker/invoker.ts'
import { encodeFrame, FrameDecoder } from '../../src/protocol/frame.ts'
import { MessageType } from '../../src/protocol/message-type.ts'
import { encodeOutput } from '../../src/protocol/messages/output.ts'
import { encodeProposeRunCompletion } from '../../src/protocol/messages/propose-run-completion.ts'
import { encodeRun } from '../../src/protocol/messages/run.ts'
import { encodeSuspension } from '../../src/protocol/messages/suspension.ts'
import { contentTypeV6 } from './fake-service.ts'
import { TestListener } from './listener.ts'
import { RecordingHost, textOf } from './recording-host.ts'
import { defaults, deployment, inputEntry, invocation, invokerConfig, silentLog } from './samples.ts'

type Handler = (
  request: http.IncomingMessage,
  response: http.ServerResponse,
  frames: readonly { type: number; payload: Buffer }[],
) => void

const value = { kind: 'value', value: Buffer.from('1') } as const
const run = encodeFrame(MessageType.Run, encodeRun({ resultCompletionId: 1, name: '' }))
const proposal = encodeFrame(
  MessageType.ProposeRunCompletion,
  encodeProposeRunCompletion({ resultCompletionId: 1, result: value }),
)
const output = encodeFrame(MessageType.Output, encodeOutput({ result: value, name: '' }))
const end = encodeFrame(MessageType.End, Buffer.alloc(0))
const suspension = encodeFrame(
  MessageType.Suspension,
  encodeSuspension({ waitingCompletions: [1], waitingSignals: [1], waitingNamedSignals: [] }),
)

async function start(handle: Handler, protocolMode: 'BIDI_STREAM' | 'REQUEST_RESPONSE', config = {}) {
  const requests: http.IncomingMessage[] = []
  const server = http.createServer((request, response) => {
    requests.push(request)
    const frames: { type: number; payload: Buffer }[] = []
    const decoder = new FrameDecoder(2 ** 32)
    request.on('data', (chunk: Buffer) =>
      decoder.push(chunk, (type, _flags, payload) => frames.push({ type, payload })),
    )
    request.on('error', () => undefined)
    handle(request, response, frames)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const host = new RecordingHost()
  const schema = new Schema()
  schema.put(deployment(`http://127.0.0.1:${port}/`, { protocolMode, httpVersion: 'HTTP/1.1' }))
  const invoker = new Invoker({ schema, host, config: invokerConfig(config), defaults, log: silentLog })
  return {
    host,
    invoker,
    requests,
    run(subject = invocation()) {
      invoker.start({ invocation: subject, attempt: 1, journalLength: subject.journal.length, state: undefined })
      return subject
    },
    async [Symbol.asyncDispose]() {
      await invoker.close()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const accept = (response: http.ServerResponse): http.ServerResponse => {
  response.writeHead(200, { 'content-type': contentTypeV6 }).flushHeaders()
  return response
}

t.test('request/response', async (t) => {
  await using rig = await start((request, response, frames) => {
    request.on('end', () => {
      t.same(
        frames.map((frame) => frame.type),
        [MessageType.Start, MessageType.Input],
      )
      response.writeHead(200, { 'content-type': contentTypeV6, 'x-restate-server': 'fake/1' })
      response.end(Buffer.concat([run, proposal, suspension]))
    })
  }, 'REQUEST_RESPONSE')
  rig.run()
  await rig.host.atLeast(3)
  t.same(rig.host.commands.map(textOf), ['append run', 'run 1 value', 'suspend 1 / 1 / seen 1'])
  const [request] = rig.requests
  t.equal(request?.httpVersion, '1.1')
  t.equal(request?.method, 'POST')
  t.equal(request?.url, '/invoke/Greeter/greet')
  t.match(request?.headers, {
    'content-type': contentTypeV6,
    accept: contentTypeV6,
    'x-restate-cluster-name': 'localcluster',
  })
})

t.test('both ways at once, if the service says so', async (t) => {
  await using rig = await start((request, response, frames) => {
    accept(response)
    response.write(Buffer.concat([run, proposal]))
    const wait = setInterval(() => {
      if (frames.length < 3) return
      clearInterval(wait)
      response.write(Buffer.concat([output, end]))
      request.on('end', () => response.end())
    }, 5)
  }, 'BIDI_STREAM')
  const subject = rig.run()
  await rig.host.atLeast(2)
  subject.journal.push(inputEntry, {
    kind: 'notification',
    type: 0x8011,
    key: { kind: 'completion', id: 1 },
    result: value,
    appendedAt: 0,
  })
  rig.invoker.notify(subject, 2)
  await rig.host.atLeast(4)
  t.same(rig.host.commands.slice(2).map(textOf), ['append output', 'end'])
  t.equal(rig.requests[0]?.headers['transfer-encoding'], 'chunked')
})

t.test('what goes wrong', async (t) => {
  const rows: [string, Handler, string][] = [
    ['404', (_, response) => response.writeHead(404).end('no'), 'fail 500 RT0012 retry'],
    ['503', (_, response) => response.writeHead(503, { 'retry-after': '3' }).end(), 'fail 500 RT0023 retry own-delay'],
    ['an end without End', (_, response) => accept(response).end(), 'fail 500 RT0007 retry'],
    ['garbage', (_, response) => accept(response).write('x'.repeat(99)), 'fail 500 RT0003 retry'],
    ['the connection dies before headers', (request) => request.socket.destroy(), 'fail 500 RT0010 retry'],
    [
      'the connection dies in the middle',
      (request, response) => {
        accept(response)
        setTimeout(() => request.socket.destroy(), 30)
      },
      'fail 500 RT0010 retry',
    ],
  ]
  for (const [name, handle, expected] of rows) {
    for (const mode of ['BIDI_STREAM', 'REQUEST_RESPONSE'] as const) {
      await using rig = await start(handle, mode)
      rig.run()
      await rig.host.atLeast(1)
      await new Promise((resolve) => setTimeout(resolve, 20))
      t.same(rig.host.commands.map(textOf), [expected], `${name}, ${mode}`)
    }
  }
})

t.test('a service that hangs is reset', async (t) => {
  let closed = false
  await using rig = await start((request) => void request.on('close', () => (closed = true)), 'REQUEST_RESPONSE', {
    abortTimeoutMs: 100,
  })
  rig.run()
  await rig.host.atLeast(1)
  t.same(rig.host.commands.map(textOf), ['fail 500 RT0001 retry'])
  while (!closed || rig.invoker.inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 10))
  t.pass('its connection is closed, and the attempt over')
})

t.test('nobody is there, or may be talked to', async (t) => {
  const egress: EgressPolicy = {
    checkUrl: (url) => {
      if (url.hostname === '127.0.0.2') throw new ServiceUnreachable('denied by policy')
    },
    lookupFor: () => (_hostname, _options, callback) => callback(new ServiceUnreachable('denied while connecting'), []),
  }
  await using transport = new Http11Transport(invokerConfig(), { egress })
  const visit = async (origin: string): Promise<string | undefined> => {
    const listener = new TestListener()
    transport.open({ origin, path: '/', headers: {} }, listener)
    await listener.closed
    return listener.error?.message
  }
  t.match(await visit('http://127.0.0.1:1'), /ECONNREFUSED|bad port/)
  t.equal(await visit('http://127.0.0.2:8080'), 'denied by policy')
  t.match(await visit('http://name.test:8080'), /denied while connecting/)
})

t.test('aborted before the request is out', async (t) => {
  await using rig = await start(() => undefined, 'BIDI_STREAM')
  const { seq } = rig.run()
  rig.invoker.abort(seq)
  while (rig.invoker.inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 10))
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.same(rig.host.proposals, [])
})
