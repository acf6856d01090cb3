import type { IncomingMessage } from 'node:http'

const empty = new Uint8Array(0)

/**
 * Reads the whole body, then calls `done`, once: with bytes that are the receiver's to keep, or with `too-large`, or with
 * `aborted` when the caller went away in the middle. Fastify's own reading is not used, because it refuses content types
 * that it cannot parse, and here that is for the handler's input rules to say.
 */
export function readBody(
  request: IncomingMessage,
  limitBytes: number,
  done: (body: Uint8Array | 'too-large' | 'aborted') => void,
): void {
  const chunks: Uint8Array[] = []
  let length = 0

  const finish = (problem?: 'too-large' | 'aborted'): void => {
    request.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken)
    // An error of the stream that comes later has nobody left to tell.
    request.on('error', () => {})
    done(problem ?? compact(chunks, length))
  }
  const onData = (chunk: Uint8Array): void => {
    length += chunk.length
    if (length > limitBytes) finish('too-large')
    else chunks.push(chunk)
  }
  const onEnd = (): void => finish()
  const onBroken = (): void => finish('aborted')

  request.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken)
}

/** One array that does not keep much more memory alive than it shows: bodies stay in the journal for long. */
function compact(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (length === 0) return empty
  const [only] = chunks
  if (chunks.length === 1 && only !== undefined && only.buffer.byteLength <= 2 * length) return only
  const body = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    body.set(chunk, at)
    at += chunk.length
  }
  return body
}
