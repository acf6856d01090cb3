import type { DeploymentRecord } from '../core/deployment.ts'
import type { Header } from '../core/journal.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import { PayloadNotConverted } from '../errors/registry.ts'
import { idTokenHeader, idTokenHeaderValue } from '../gcp/auth.ts'
import { type Connection, openConnection } from './connection.ts'
import { displayUri } from './deployment-uri.ts'
import type { DiscoveryOptions } from './discover.ts'
import type { Exchange, ResponseHead } from './exchange.ts'
import { exchangeHttp1 } from './exchange-http1.ts'
import { exchangeHttp2 } from './exchange-http2.ts'
import { connectFailure } from './transport-failure.ts'

const defaultTimeoutMs = 10_000
const maxAnswerBytes = 8 * 1024 * 1024

export interface PayloadConversion {
  readonly deployment: DeploymentRecord
  readonly service: string
  /** `decode` makes JSON of a payload, `encode` a payload of JSON. */
  readonly direction: 'decode' | 'encode'
  /** As the manifest names it: `greet/input`. */
  readonly serde: string
  readonly payload: Uint8Array
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal
}

/**
 * Has a service convert a payload: `POST {path}/serdes/{service}/{decode,encode}/{serde}`, one attempt (service protocol 1.7; SDKs that
 * can preview serdes answer). The way there is that of a discovery: egress policy, headers, request identity, ID token. Rejects with
 * `PayloadNotConverted`, and as connecting and minting do. Of an answer that is no success only the status is told.
 */
export async function convertPayload(
  conversion: PayloadConversion,
  options: Omit<DiscoveryOptions, 'clusterName'>,
): Promise<Buffer> {
  const url = new URL(conversion.deployment.uri)
  const at = displayUri(url)
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs
  const deadline = AbortSignal.timeout(timeoutMs)
  const signal = AbortSignal.any([deadline, conversion.signal])
  try {
    return await convert(conversion, options, url, signal)
  } catch (error) {
    if (error instanceof PerdureError) throw error
    conversion.signal.throwIfAborted()
    throw deadline.aborted
      ? failed(`${at} did not answer within ${timeoutMs} ms`)
      : failed(`the connection to ${at} broke off (${codeOf(error)})`)
  }
}

async function convert(
  conversion: PayloadConversion,
  options: Omit<DiscoveryOptions, 'clusterName'>,
  url: URL,
  signal: AbortSignal,
): Promise<Buffer> {
  const { deployment, payload } = conversion
  const path = serdePath(conversion)
  const { auth } = deployment
  const token = auth === undefined ? undefined : await options.idTokens?.forDiscovery(auth, signal)
  if (auth !== undefined && token === undefined)
    throw new Error('invariant: a deployment with authentication has tokens')
  const connection = await connected(url, deployment, options, signal)
  const headers = headersOf(conversion, options, `/${path}`, token)
  const target = `${url.pathname}${path}${url.search}`
  const exchange: Exchange =
    connection.protocol === 'h2'
      ? exchangeHttp2(connection.socket, url.origin, target, headers, payload)
      : exchangeHttp1(connection.socket, url.host, target, headers, payload)
  const abort = () => exchange.close()
  signal.addEventListener('abort', abort, { once: true })
  try {
    if (signal.aborted) abort()
    return await answerOf(displayUri(url), await exchange.head)
  } finally {
    signal.removeEventListener('abort', abort)
    exchange.close()
  }
}

async function connected(
  url: URL,
  { httpVersion }: DeploymentRecord,
  { dialer }: Pick<DiscoveryOptions, 'dialer'>,
  signal: AbortSignal,
): Promise<Connection> {
  try {
    return await openConnection(url, httpVersion === 'HTTP/1.1', dialer, signal)
  } catch (cause) {
    if (cause instanceof PerdureError || signal.aborted) throw cause
    throw connectFailure(displayUri(url), cause).error
  }
}

async function answerOf(at: string, { status, body, isComplete }: ResponseHead): Promise<Buffer> {
  if (status < 200 || status > 299) {
    const hint = status === 404 ? '. Its SDK may not support this, or the service has no serde of this name' : ''
    throw failed(`${at} answered with status ${status}${hint}`)
  }
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const part of body) {
    const chunk: Buffer = part
    bytes += chunk.length
    if (bytes > maxAnswerBytes) throw failed(`the answer of ${at} is larger than ${maxAnswerBytes} bytes`)
    chunks.push(chunk)
  }
  if (!(await isComplete())) throw failed(`the answer of ${at} broke off before its end`)
  return Buffer.concat(chunks)
}

/** Without the slash in front: it goes behind the path of the deployment. Names of serdes have slashes of their own. */
function serdePath({ service, direction, serde }: PayloadConversion): string {
  const parts = serde.split('/')
  // Proxies and services resolve these: the request would end elsewhere, signed, with the credentials of the deployment.
  if (parts.some((part) => part === '.' || part === '..'))
    throw failed(`${JSON.stringify(serde)} is no name of a serde`)
  const name = parts.map(encodeURIComponent).join('/')
  return `serdes/${encodeURIComponent(service)}/${direction}/${name}`
}

function headersOf(
  { deployment, direction, payload }: PayloadConversion,
  options: Pick<DiscoveryOptions, 'requestHeaders' | 'sign'>,
  path: string,
  token: string | undefined,
): Header[] {
  const [contentType, accept] =
    direction === 'decode' ? ['application/octet-stream', 'application/json'] : ['application/json', '*/*']
  return [
    ...new Map<string, string>([
      ...(options.requestHeaders ?? []).map(([name, value]): Header => [name.toLowerCase(), value]),
      ...deployment.additionalHeaders,
      ['accept', accept],
      ['content-type', contentType],
      ['content-length', String(payload.length)],
      ['x-restate-serdes-protocol', 'v1'],
      ...(options.sign?.(path) ?? []),
      ...(token === undefined ? [] : [[idTokenHeader, idTokenHeaderValue(token)] as const]),
    ]),
  ]
}

function failed(reason: string): Error {
  return new PayloadNotConverted(`Internal server error: the service did not convert the payload: ${reason}.`)
}

/** Codes only: the texts of transport errors may quote what the peer sent. */
function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.name : 'unknown error'
}
