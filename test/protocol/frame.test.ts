import fc from 'fast-check'
import t from 'tap'
import { MessageTooLarge } from '../../src/errors/protocol.ts'
import {
  encodeFrame,
  encodeFrames,
  type Frame,
  FrameDecoder,
  frameHeaderBytes,
  frameLimitBytes,
  requestedAckFlag,
} from '../../src/protocol/frame.ts'

const uint16 = fc.integer({ min: 0, max: 0xffff })
const anyFrame = fc.record({ type: uint16, flags: uint16, payload: fc.uint8Array({ maxLength: 600 }) })

t.test('a frame is an eight-byte header and the payload', (t) => {
  t.equal(encodeFrame(0x0005, Buffer.from('abc'), requestedAckFlag).toString('hex'), '0005800000000003616263')
  t.equal(encodeFrame(0x0003, Buffer.alloc(0)).toString('hex'), '0003000000000000')
  t.equal(frameLimitBytes(32 * 1024 * 1024), 33_816_576)
  t.end()
})

t.test('frames come out as they went in, however they are cut', (t) => {
  const sizes = fc
    .array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 20 })
    .filter((all) => all.some(Boolean))
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 12 }), sizes, (frames, pieceSizes) => {
        const bytes = encodeFrames(frames)
        const decoder = new FrameDecoder(1000)
        const seen: Frame[] = []
        let at = 0
        for (let turn = 0; at < bytes.length; turn++) {
          const size = pieceSizes[turn % pieceSizes.length] ?? 1
          decoder.push(bytes.subarray(at, at + size), (type, flags, payload) => seen.push({ type, flags, payload }))
          at = Math.min(bytes.length, at + size)
          // What is pending is exactly what was pushed and is in no frame yet.
          const done = seen.reduce((sum, frame) => sum + frameHeaderBytes + frame.payload.length, 0)
          if (decoder.pendingBytes !== at - done) throw new Error(`pending ${decoder.pendingBytes}`)
        }
        return encodeFrames(seen).equals(bytes) && seen.length === frames.length && decoder.pendingBytes === 0
      }),
      { numRuns: 500 },
    ),
  )
  t.end()
})

t.test('payloads: views of a whole chunk, own memory when split', (t) => {
  const chunk = encodeFrames([
    { type: 1, payload: Buffer.from('first') },
    { type: 2, payload: Buffer.from('second') },
  ])
  const whole: Buffer[] = []
  new FrameDecoder(1000).push(chunk, (_type, _flags, payload) => whole.push(payload))
  t.strictSame(whole.map(String), ['first', 'second'])
  t.ok(whole.every((payload) => payload.buffer === chunk.buffer))

  const parts: Buffer[] = []
  const decoder = new FrameDecoder(1000)
  for (const byte of chunk) decoder.push(Buffer.from([byte]), (_type, _flags, payload) => parts.push(payload))
  chunk.fill(0)
  t.strictSame(parts.map(String), ['first', 'second'])
  t.end()
})

t.test('the limit: one below passes, the limit itself does not, and the body is not waited for', (t) => {
  const limitBytes = 100
  const seen: number[] = []
  const onFrame = (_type: number, _flags: number, payload: Buffer) => seen.push(payload.length)
  new FrameDecoder(limitBytes).push(encodeFrame(1, Buffer.alloc(99)), onFrame)
  t.strictSame(seen, [99])

  const header = encodeFrame(1, Buffer.alloc(100)).subarray(0, frameHeaderBytes)
  for (const sizes of [[8], [3, 5], [7, 1]]) {
    const decoder = new FrameDecoder(limitBytes)
    let thrown: unknown
    try {
      let at = 0
      for (const size of sizes) {
        decoder.push(header.subarray(at, at + size), onFrame)
        at += size
      }
    } catch (error) {
      thrown = error
    }
    t.ok(thrown instanceof MessageTooLarge, `header in pieces of ${sizes}`)
    t.match(thrown, {
      code: 'PERDURE_ERR_PROTOCOL_MESSAGE_TOO_LARGE',
      restateCode: 'RT0003',
      lengthBytes: 100,
      limitBytes: 100,
      message: /100 >= 100/,
    })
  }
  t.strictSame(seen, [99])
  t.end()
})

t.test('frames before one that is too large are delivered', (t) => {
  const bytes = encodeFrames([
    { type: 1, payload: Buffer.alloc(5) },
    { type: 2, payload: Buffer.alloc(500) },
  ])
  const seen: number[] = []
  t.throws(() => new FrameDecoder(100).push(bytes, (type) => seen.push(type)), /500 >= 100/)
  t.strictSame(seen, [1])
  t.end()
})

t.test('a large frame in small chunks costs work in proportion to its size', (t) => {
  const payload = Buffer.alloc(8 * 1024 * 1024, 'p')
  const frame = encodeFrame(1, payload)
  const decoder = new FrameDecoder(frameLimitBytes(payload.length))
  let received: Buffer | undefined
  // 16 thousand chunks: copying all that came before at each would move 64 GiB.
  const chunkBytes = 512
  // Not the time of day: a machine that has other things to do does not make it longer.
  const before = process.cpuUsage()
  for (let at = 0; at < frame.length; at += chunkBytes) {
    decoder.push(frame.subarray(at, at + chunkBytes), (_type, _flags, whole) => {
      received = whole
    })
  }
  const { user, system } = process.cpuUsage(before)
  const cpuMs = (user + system) / 1000
  t.ok(received?.equals(payload))
  t.ok(cpuMs < 2000, `${cpuMs} ms`)
  t.end()
})

t.test('memory follows what came, not what was announced', (t) => {
  const before = process.memoryUsage().arrayBuffers
  const decoders = Array.from({ length: 64 }, () => new FrameDecoder(frameLimitBytes(32 * 1024 * 1024)))
  const start = Buffer.concat([Buffer.from([0, 1, 0, 0, 0x02, 0, 0, 0]), Buffer.alloc(10)])
  for (const decoder of decoders) decoder.push(start, () => t.fail('no frame is complete'))
  const grownBytes = process.memoryUsage().arrayBuffers - before
  t.ok(grownBytes < 4 * 1024 * 1024, `64 announced frames of 32 MiB took ${grownBytes} bytes`)
  t.ok(decoders.every((decoder) => decoder.pendingBytes === start.length))
  t.end()
})
