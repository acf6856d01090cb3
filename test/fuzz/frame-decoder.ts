import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { PerdureError } from '../../src/errors/perdure-error.ts'
import { encodeFrame, FrameDecoder, frameLimitBytes } from '../../src/protocol/frame.ts'
import { codecOf } from '../protocol/codecs.ts'
import { controlSpecimens } from '../protocol/control-specimens.ts'
import { entrySpecimens } from '../protocol/entry-specimens.ts'
import { mutated, outcomeOf, target } from './target.ts'

const limitBytes = frameLimitBytes(64 * 1024)
const specimens = [...controlSpecimens, ...entrySpecimens]

const known = new Set(specimens.map(({ type }) => type))

const frame = fc.oneof(
  fc.constantFrom(...specimens).map(({ type, encoded }) => encodeFrame(type, encoded)),
  // A payload that is wrong behind a header that is right.
  fc
    .constantFrom(...specimens)
    .chain(({ type, encoded }) => mutated(fc.constant(encoded)).map((payload) => encodeFrame(type, payload))),
  fc.tuple(fc.nat(0xffff), fc.uint8Array({ maxLength: 64 })).map(([type, payload]) => encodeFrame(type, payload)),
)
const streams = mutated(fc.array(frame, { maxLength: 4 }).map((frames) => Buffer.concat(frames)))

/** The protocol of services: the same frames however they arrive, and each payload a message or a clear error. */
export const frameDecoder = target(
  'frame-decoder',
  fc.tuple(streams, fc.array(fc.nat(), { maxLength: 4 })),
  ([stream, cuts]) => {
    const whole = framesOf([stream])
    const pieces = framesOf(chunksOf(stream, cuts))
    if (!isDeepStrictEqual(whole, pieces)) throw new Error('frames depend on how the bytes arrive')
    for (const { type, payload } of whole.frames) {
      if (!known.has(type)) continue
      const codec = codecOf(type)
      const message = outcomeOf(() => codec.decode(payload))
      if (message instanceof PerdureError) continue
      const again = outcomeOf(() => codec.decode(codec.reencode(payload)))
      if (!isDeepStrictEqual(message, again)) throw new Error(`a message of type ${type} changes when it is written`)
    }
  },
)

interface Frames {
  readonly frames: { readonly type: number; readonly flags: number; readonly payload: Buffer }[]
  readonly error: string | undefined
}

function framesOf(chunks: readonly Buffer[]): Frames {
  const decoder = new FrameDecoder(limitBytes)
  const frames: Frames['frames'] = []
  const outcome = outcomeOf(() => {
    for (const chunk of chunks) {
      decoder.push(chunk, (type, flags, payload) => frames.push({ type, flags, payload: Buffer.from(payload) }))
    }
  })
  return { frames, error: outcome instanceof PerdureError ? outcome.message : undefined }
}

function chunksOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b)
  const starts = [0, ...places]
  return starts.map((start, index) => bytes.subarray(start, starts[index + 1] ?? bytes.length))
}
