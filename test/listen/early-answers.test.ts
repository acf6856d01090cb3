import { constants } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createListener } from '../../src/listen/listener.ts'
import { captureLog, eventually, RawClient, testConfig } from './fixture.ts'
import { frame, frameType, getRoot, parseFrames, postRoot, preface } from './http2-client.ts'

const [endStream, endHeaders] = [1, 4]
const uint32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer).swap32()
/** Windows that nobody fills. */
const wideWindows = [
  frame(frameType.settings, 0, 0, Buffer.concat([Buffer.from([0, 4]), uint32(0x7fffffff)])),
  frame(8, 0, 0, uint32(0x7000_0000)),
]

t.test('HTTP/2: an answer ahead of the body is whole before its stream is reset', async (t) => {
  const listener = createListener('ingress', testConfig({ concurrentRequestsLimit: 2 }), captureLog().log)
  const answer = 'early'.repeat(10_000)
  listener.app.addHook('onRequest', (request, reply, done) => {
    if (request.method === 'GET') done()
    else reply.send(answer)
  })
  listener.app.get('/', (_request, reply) => reply.send(Buffer.alloc(24 * 1024 * 1024)))
  const [address] = await listener.start()
  t.teardown(() => listener.close(0))
  const port = address?.kind === 'tcp' ? address.port : 0

  for (const isFull of [false, true]) {
    const client = new RawClient(port).send(Buffer.concat([preface, ...wideWindows]))
    if (isFull) {
      // What waits on the connection is in the way of everything.
      client.socket.pause()
      client.send(frame(frameType.headers, endStream | endHeaders, 1, getRoot))
      await sleep(300)
    }
    client.send(frame(frameType.headers, endHeaders, 3, postRoot)).send(frame(frameType.data, 0, 3, Buffer.alloc(100)))
    if (isFull) {
      await sleep(1500)
      client.socket.resume()
    }
    const frames = () => parseFrames(client.bytes).filter(({ streamId }) => streamId === 3)
    await eventually(() => frames().some(({ type }) => type === frameType.rstStream))
    const [reset, end] = frames().reverse()
    t.equal(reset?.payload.readUInt32BE(), constants.NGHTTP2_NO_ERROR)
    t.equal(end?.type, frameType.data)
    t.equal(end?.flags, endStream, 'the end of the answer is on the wire')
    const bytes = Buffer.concat(
      frames()
        .filter(({ type }) => type === frameType.data)
        .map(({ payload }) => payload),
    )
    t.equal(bytes.toString(), answer)
    client.close()
  }
})

t.test('HTTP/2: so is a refusal', async (t) => {
  const listener = createListener('ingress', testConfig({ concurrentRequestsLimit: 0 }), captureLog().log)
  const [address] = await listener.start()
  t.teardown(() => listener.close(0))
  const client = new RawClient(address?.kind === 'tcp' ? address.port : 0)
  client.send(Buffer.concat([preface, ...wideWindows, frame(frameType.headers, endHeaders, 1, postRoot)]))
  const frames = () => parseFrames(client.bytes).filter(({ streamId }) => streamId === 1)
  await eventually(() => frames().some(({ type }) => type === frameType.rstStream))
  const flags = frames().map(({ flags }) => flags & endStream)
  t.same(flags, [0, 0, 1, 0].slice(-flags.length), 'headers, data, end, reset')
  client.close()
})
