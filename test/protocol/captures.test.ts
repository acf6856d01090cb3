import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import t from 'tap'
import { encodeFrames, FrameDecoder, frameLimitBytes } from '../../src/protocol/frame.ts'
import { formatInvocationId, parseInvocationId, randomSeedOf } from '../../src/protocol/ids.ts'
import { decodeManifest } from '../../src/protocol/manifest.ts'
import { MessageType, messageTypeName } from '../../src/protocol/message-type.ts'
import { decodeStart } from '../../src/protocol/messages/start.ts'
import { captureNames, type RecordedStream, readCapture } from './captures.ts'
import { codecOf } from './codecs.ts'

const limitBytes = frameLimitBytes(32 * 1024 * 1024)

interface Decoded {
  readonly type: number
  readonly flags: number
  readonly payload: Buffer
}

function decodeAll(chunks: readonly Buffer[]): Decoded[] {
  const frames: Decoded[] = []
  const decoder = new FrameDecoder(limitBytes)
  for (const chunk of chunks) decoder.push(chunk, (type, flags, payload) => frames.push({ type, flags, payload }))
  if (decoder.pendingBytes !== 0) throw new Error(`${decoder.pendingBytes} bytes left over`)
  return frames
}

/** Pieces of the given sizes, over and over. */
function split(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return pieces
}

/**
 * All values inside a decoded message as text, sorted, without zero and empty ones: what the recorder wrote in `msg`
 * has other names and nesting, but must hold the same values.
 */
function leaves(value: unknown): string[] {
  return collect(value).sort()
}

const wireNumbers: Readonly<Record<string, number>> = { 'first-completed': 1, retry: 0, unknown: 0 }

function collect(value: unknown): string[] {
  if (value === undefined || value === 0 || value === 0n || value === '' || value === false) return []
  if (value instanceof Uint8Array) {
    if (value.length === 0) return []
    const bytes = Buffer.from(value)
    return [isUtf8(bytes) ? bytes.toString('utf8') : `hex:${bytes.toString('hex')}`]
  }
  if (Array.isArray(value)) return value.flatMap(collect)
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, inner]) => {
      if (name === 'kind' || name === 'type') return []
      return name === 'combinator' || name === 'behavior' ? collect(wireNumbers[String(inner)]) : collect(inner)
    })
  }
  return [String(value)]
}

function isInvoke(stream: RecordedStream): boolean {
  return stream.path.startsWith('/invoke/')
}

for (const name of captureNames) {
  t.test(`${name}: frames, messages and their bytes`, (t) => {
    let frameCount = 0
    for (const stream of readCapture(name).filter(isInvoke)) {
      const frames = decodeAll(stream.chunks)
      t.equal(frames.length, stream.frames.length, stream.title)
      t.ok(encodeFrames(frames).equals(Buffer.concat(stream.chunks)), `${stream.title}: frames encode to what came`)
      for (const [index, recorded] of stream.frames.entries()) {
        frameCount += 1
        const frame = frames[index]
        const title = `${stream.title} #${index} ${recorded.name}`
        t.match(frame, { type: recorded.type, flags: recorded.flags }, title)
        t.ok(frame?.payload.equals(recorded.payload), `${title}: payload`)
        t.match(recorded.name, messageTypeName(recorded.type), `${title}: name`)
        const codec = codecOf(recorded.type)
        t.strictSame(leaves(codec.decode(recorded.payload)), leaves(recorded.message), `${title}: meaning`)
        // The official server and SDK write fields in rising order and pack numbers, as our encoders do.
        t.equal(codec.reencode(recorded.payload).toString('hex'), recorded.payload.toString('hex'), `${title}: bytes`)
      }
    }
    t.ok(frameCount > 15, `${frameCount} frames seen`)
    t.end()
  })

  t.test(`${name}: any chunking gives the same frames`, (t) => {
    const streams = readCapture(name).filter(isInvoke)
    const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 12 })
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(fc.constantFrom(...streams), sizes, (stream, pieceSizes) => {
          const bytes = Buffer.concat(stream.chunks)
          const frames = decodeAll(split(bytes, pieceSizes))
          return (
            frames.length === stream.frames.length &&
            frames.every((frame, index) => stream.frames[index]?.payload.equals(frame.payload))
          )
        }),
      ),
    )
    t.end()
  })

  t.test(`${name}: ids and random seeds`, (t) => {
    for (const stream of readCapture(name).filter(isInvoke)) {
      for (const frame of stream.frames) {
        if (frame.type !== MessageType.Start) continue
        const start = decodeStart(frame.payload)
        t.equal(formatInvocationId(start.id), start.debugId)
        t.ok(parseInvocationId(start.debugId).equals(start.id))
        t.equal(randomSeedOf(start.id), start.randomSeed)
      }
    }
    t.end()
  })
}

t.test('the recorded manifests decode', (t) => {
  const manifests = captureNames
    .flatMap((name) => readCapture(name))
    .filter((stream) => stream.path === '/discover' && stream.chunks.length > 0)
    .map((stream) => decodeManifest(Buffer.concat(stream.chunks)))
  t.ok(manifests.length >= 4)
  for (const manifest of manifests) {
    t.match(manifest, { minProtocolVersion: 5, maxProtocolVersion: 7 })
    t.match(manifest.protocolMode, /^(BIDI_STREAM|REQUEST_RESPONSE)$/)
    t.ok(manifest.services.length > 0)
  }
  t.match(manifests[0]?.services[1], {
    name: 'ProtoLabCounter',
    type: 'VIRTUAL_OBJECT',
    handlers: [
      { name: 'work', type: 'EXCLUSIVE', input: { required: false, contentType: 'application/json' } },
      { name: 'get', type: 'SHARED', output: { setContentTypeIfEmpty: false, contentType: 'application/json' } },
      { name: 'clr' },
    ],
  })
  t.end()
})
