import { type FileHandle, open } from 'node:fs/promises'
import { changeabilityOf } from '../../config/file-exposure.ts'
import { IngressAuthUnavailable } from '../../errors/ingress.ts'
import { PerdureError } from '../../errors/perdure-error.ts'
import { type Dialer, openConnection } from '../../registry/connection.ts'
import type { ResponseHead } from '../../registry/exchange.ts'
import { exchangeHttp1 } from '../../registry/exchange-http1.ts'

const maxBytes = 512 * 1024
const defaultTimeoutMs = 5000

/**
 * Gets a JSON Web Key Set over HTTP/1.1, from where the egress policy allows it, within five seconds; redirects are not
 * followed. Rejects with `IngressAuthUnavailable`.
 */
export async function fetchJwks(
  url: URL,
  dialer: Dialer,
  closing: AbortSignal,
  timeoutMs: number = defaultTimeoutMs,
): Promise<unknown> {
  const signal = AbortSignal.any([closing, AbortSignal.timeout(timeoutMs)])
  try {
    const { socket } = await openConnection(url, true, dialer, signal)
    const exchange = exchangeHttp1(socket, url.host, url.pathname + url.search, [['accept', 'application/json']])
    const abort = () => exchange.close()
    signal.addEventListener('abort', abort, { once: true })
    try {
      signal.throwIfAborted()
      const head = await exchange.head
      if (head.status !== 200) throw unavailable(`it answered with status ${head.status}`)
      return parsed(await readAll(head))
    } finally {
      signal.removeEventListener('abort', abort)
      exchange.close()
    }
  } catch (error) {
    if (error instanceof PerdureError) throw error
    const reason = signal.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error)
    throw unavailable(reason, error)
  }
}

/** Reads a JSON Web Key Set from a file that nobody else can change. Rejects with `IngressAuthUnavailable`. */
export async function readJwks(file: string): Promise<unknown> {
  let exposure: string | undefined
  let bytes: Uint8Array
  let handle: FileHandle | undefined
  try {
    handle = await open(file)
    exposure = changeabilityOf(file, await handle.stat())
    bytes = await handle.readFile()
  } catch (error) {
    throw unavailable(reasonOf(error), error)
  } finally {
    await handle?.close()
  }
  if (exposure !== undefined) throw unavailable(`it is not used: ${exposure}`)
  if (bytes.length > maxBytes) throw unavailable(`it has more than ${maxBytes} bytes`)
  return parsed(bytes)
}

async function readAll({ body }: ResponseHead): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) throw new Error('invariant: bodies are bytes')
    length += chunk.length
    if (length > maxBytes) throw unavailable(`its answer has more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length)
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  } catch (error) {
    throw unavailable('what is there is not JSON', error)
  }
}

function unavailable(reason: string, cause?: unknown): PerdureError {
  return new IngressAuthUnavailable(`the keys of the issuer cannot be had: ${reason}`, { cause })
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.name : 'unknown'
}
