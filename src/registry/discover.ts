import { setTimeout as sleep } from 'node:timers/promises'
import type { DeploymentAuth } from '../core/deployment.ts'
import type { Header } from '../core/journal.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import { DiscoveryTimeout } from '../errors/registry.ts'
import { idTokenHeader, idTokenHeaderValue } from '../gcp/auth.ts'
import { type IdTokens, isRetryableAtDiscovery } from '../gcp/id-tokens.ts'
import { manifestAccept } from '../protocol/content-type.ts'
import { decodeManifest, type EndpointManifest } from '../protocol/manifest.ts'
import { type Connection, type Dialer, openConnection } from './connection.ts'
import { displayUri } from './deployment-uri.ts'
import { checkContentType, checkStatus, readBody, sdkVersionOf } from './discovery-response.ts'
import type { Exchange, HttpVersion, ResponseHead } from './exchange.ts'
import { exchangeHttp1 } from './exchange-http1.ts'
import { exchangeHttp2 } from './exchange-http2.ts'
import { connectFailure, exchangeFailure, TransientFailure } from './transport-failure.ts'

const maxAttempts = 5
const firstRetryDelayMs = 100
const defaultTimeoutMs = 10_000
const maxManifestBytes = 8 * 1024 * 1024

export interface DiscoveryRequest {
  /** As `parseDeploymentUri` returns it. */
  readonly url: URL
  readonly useHttp11: boolean
  /** The deployment's own headers. */
  readonly additionalHeaders: readonly Header[]
  /** Then each attempt is sent with a token of its own, or not at all. */
  readonly auth?: DeploymentAuth
  /** Ends the wait early; `discover` then rejects with its reason. */
  readonly signal?: AbortSignal
}

/** What is the same for every discovery of a server. */
export interface DiscoveryOptions {
  readonly dialer: Dialer
  readonly clusterName: string
  /** Headers that the server adds to all requests; a deployment's header of the same name wins. */
  readonly requestHeaders?: readonly Header[]
  /** Request identity: headers that prove who asks for this path. */
  readonly sign?: (path: string) => readonly Header[]
  /** Needed for deployments with authentication. */
  readonly idTokens?: Pick<IdTokens, 'forDiscovery'>
  /** For all attempts together, ms. 10 s by default. */
  readonly timeoutMs?: number
}

export interface Discovered {
  readonly manifest: EndpointManifest
  readonly httpVersion: HttpVersion
  /** The `x-restate-server` header of the response. */
  readonly sdkVersion: string | undefined
}

/**
 * Asks a deployment for its services: `GET {path}/discover`. Up to five attempts, while failures look passing.
 * Rejects with an error of `errors/registry.ts`, or of `errors/gcp.ts` when there is no token.
 */
export async function discover(request: DiscoveryRequest, options: DiscoveryOptions): Promise<Discovered> {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs
  const deadline = AbortSignal.timeout(timeoutMs)
  const signal = request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal])
  const { auth } = request
  let last: PerdureError | undefined
  const remember = ({ error }: TransientFailure) => {
    last = error
  }
  try {
    return await withRetries(() => attempt(request, options, signal), remember, signal)
  } catch (error) {
    if (error instanceof PerdureError) throw error
    request.signal?.throwIfAborted()
    if (!deadline.aborted) throw error
    // The time went by without a token: the deployment has no part in it.
    if (last !== undefined && auth !== undefined && isRetryableAtDiscovery(last, auth)) throw last
    throw new DiscoveryTimeout(
      `${displayUri(request.url)} did not answer discovery within ${timeoutMs} ms. ` +
        'It accepts connections but may not speak the protocol, may be overloaded, or a firewall drops its answers.',
    )
  }
}

async function withRetries<T>(
  attemptOnce: () => Promise<T>,
  onFailure: (failure: TransientFailure) => void,
  signal: AbortSignal,
): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await attemptOnce()
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof TransientFailure)) throw error
      onFailure(error)
      if (failures === maxAttempts) throw error.error
      await sleep(firstRetryDelayMs * 2 ** (failures - 1) * (1 + 0.3 * Math.random()), undefined, { signal })
    }
  }
}

async function attempt(request: DiscoveryRequest, options: DiscoveryOptions, signal: AbortSignal): Promise<Discovered> {
  const at = displayUri(request.url)
  const token = await mint(request.auth, options.idTokens, signal)
  const connection = await connectTo(request, options.dialer, signal)
  const exchange = get(connection, request.url, headersOf(request, options, token))
  const abort = () => exchange.close()
  signal.addEventListener('abort', abort, { once: true })
  try {
    if (signal.aborted) abort()
    const head = await headOf(at, exchange, connection, token !== undefined)
    await checkStatus(at, head, request.auth)
    checkContentType(at, head.headers['content-type'])
    return {
      manifest: decodeManifest(await readBody(at, head, maxManifestBytes)),
      httpVersion: head.httpVersion,
      sdkVersion: sdkVersionOf(head),
    }
  } finally {
    signal.removeEventListener('abort', abort)
    exchange.close()
  }
}

/** Before there is a connection: what has no token sends nothing. */
async function mint(
  auth: DeploymentAuth | undefined,
  idTokens: DiscoveryOptions['idTokens'],
  signal: AbortSignal,
): Promise<string | undefined> {
  if (auth === undefined) return undefined
  if (idTokens === undefined) throw new Error('a deployment with authentication cannot be discovered without ID tokens')
  try {
    return await idTokens.forDiscovery(auth, signal)
  } catch (error) {
    if (error instanceof PerdureError && isRetryableAtDiscovery(error, auth)) throw new TransientFailure(error)
    throw error
  }
}

async function connectTo(request: DiscoveryRequest, dialer: Dialer, signal: AbortSignal): Promise<Connection> {
  try {
    return await openConnection(request.url, request.useHttp11, dialer, signal)
  } catch (cause) {
    if (cause instanceof PerdureError) throw cause
    throw connectFailure(displayUri(request.url), cause)
  }
}

function get(connection: Connection, url: URL, headers: readonly Header[]): Exchange {
  const path = `${url.pathname}discover${url.search}`
  return connection.protocol === 'h2'
    ? exchangeHttp2(connection.socket, url.origin, path, headers)
    : exchangeHttp1(connection.socket, url.host, path, headers)
}

async function headOf(
  at: string,
  exchange: Exchange,
  { protocol }: Connection,
  withIdToken: boolean,
): Promise<ResponseHead> {
  try {
    return await exchange.head
  } catch (cause) {
    throw exchangeFailure(at, cause, {
      protocol,
      peerSpeaksProtocol: exchange.peerSpeaksProtocol(),
      withIdToken,
    })
  }
}

/** One value for each name; what the protocol needs cannot be overridden. The token comes last. */
function headersOf(request: DiscoveryRequest, options: DiscoveryOptions, token: string | undefined): Header[] {
  const headers = new Map<string, string>([
    ...(options.requestHeaders ?? []).map(([name, value]): Header => [name.toLowerCase(), value]),
    ...request.additionalHeaders,
    ['accept', manifestAccept],
    ['x-restate-cluster-name', options.clusterName],
    ...(options.sign?.('/discover') ?? []),
  ])
  if (token !== undefined) {
    // A name that is set again keeps its place.
    headers.delete(idTokenHeader)
    headers.set(idTokenHeader, idTokenHeaderValue(token))
  }
  return [...headers]
}
