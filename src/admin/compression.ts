import { pipeline, Readable, type Transform } from 'node:stream'
import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { type ContentEncoding, negotiateEncoding } from './accept-encoding.ts'

/** Shorter bodies stay as they are, as in the admin API 1.7.12. */
const MIN_BYTES = 32

/** Of brotli's levels: the default is made for files that are compressed once. */
const brotliParams = { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 }

const gzip = promisify<Buffer, Buffer>(zlib.gzip)
const brotli = promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliCompress)
const zstd = promisify<Buffer, Buffer>(zlib.zstdCompress)

const whole: Readonly<Record<ContentEncoding, (body: Buffer) => Promise<Buffer>>> = {
  gzip,
  br: (body) => brotli(body, { params: brotliParams }),
  zstd,
}

/** What is written comes out at once: who reads a stream need not wait for its end. */
const streamed: Readonly<Record<ContentEncoding, () => Transform>> = {
  gzip: () => zlib.createGzip({ flush: zlib.constants.Z_SYNC_FLUSH }),
  br: () => zlib.createBrotliCompress({ flush: zlib.constants.BROTLI_OPERATION_FLUSH, params: brotliParams }),
  zstd: () => zlib.createZstdCompress({ flush: zlib.constants.ZSTD_e_flush }),
}

/**
 * Compresses the answers of all routes that `app` has from now on, for clients that ask for it. `Vary` says so with each body that
 * would be compressed for others.
 */
export function compressAnswers(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (!isCompressible(payload) || reply.hasHeader('content-encoding')) return payload
    reply.header('vary', 'accept-encoding')
    const encoding = negotiateEncoding(request.headers['accept-encoding'])
    if (encoding === undefined) return payload
    return payload instanceof Readable
      ? encodedStream(payload, encoding, reply)
      : encodedBody(Buffer.from(payload), encoding, reply)
  })
}

function isCompressible(payload: unknown): payload is Buffer | string | Readable {
  if (payload instanceof Readable) return true
  return (typeof payload === 'string' || Buffer.isBuffer(payload)) && Buffer.byteLength(payload) >= MIN_BYTES
}

async function encodedBody(body: Buffer, encoding: ContentEncoding, reply: FastifyReply): Promise<Buffer> {
  const encoded = await whole[encoding](body)
  reply.removeHeader('content-length').header('content-encoding', encoding)
  return encoded
}

function encodedStream(body: Readable, encoding: ContentEncoding, reply: FastifyReply): Readable {
  reply.removeHeader('content-length').header('content-encoding', encoding)
  // What goes wrong on either side ends both; Fastify sees it at the encoder.
  return pipeline(body, streamed[encoding](), () => {})
}
