import { once } from 'node:events'
import { request as http1Request } from 'node:http'
import {
  type ClientHttp2Session,
  connect,
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { PassThrough, pipeline, type Readable, type Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { type Jwks, verifyRs256 } from './jwt.ts'

export interface CloudRunOptions {
  /** The container: an `http://` origin. */
  readonly container: string
  /** Where Google publishes the keys of its ID tokens. */
  readonly jwksUrl: string
  /** With a certificate the front end is `https://localhost:…`. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

/** What the front end answers in place of the container. */
export interface FrontEndFault {
  readonly status: number
  readonly retryAfter?: string
  /** In place of the page's usual text. `echo`: with the token in it, which no real front end shows. */
  readonly text?: string
  readonly echo?: boolean
  times: number
}

interface Denial {
  readonly status: 401 | 403
  /** For tests; a real front end does not tell. */
  readonly why: string
}

interface Caller {
  readonly header: 'x-serverless-authorization' | 'authorization' | undefined
}

const issuers = ['https://accounts.google.com', 'accounts.google.com']
const bearer = /^bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i
const hopByHop = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'te', 'trailer', 'upgrade']
const notForbidden = 'Your client does not have permission to get URL <code>/</code> from this server.'
const notVerified = 'Bearer error="invalid_token" error_description="The access token could not be verified"'

/**
 * A private Cloud Run service as its callers meet it: the front end checks the ID token, `X-Serverless-Authorization`
 * before `Authorization`, against Google's published keys, issuer, audiences, expiry and the list of invokers; only
 * then the container sees the request. Everything can be changed while it runs.
 */
export class CloudRun {
  /** The service's URL and its custom audiences. */
  readonly audiences: string[] = []
  allowUnauthenticated = false
  /** What becomes of the header that was checked: Google's documents name both. */
  forward: 'strip' | 'redact' = 'strip'
  /** `--use-http2`: without it the container is spoken to in HTTP/1.1. */
  http2 = true
  /** How long a grant or a revocation takes to hold. */
  iamDelayMs = 0
  /** Before the first request reaches the container. */
  coldStartMs = 0
  /** Of requests that reach the container in HTTP/1.1. */
  maxHttp1RequestBytes = 32 * 1024 * 1024
  readonly faults: FrontEndFault[] = []
  /** Tokens that were good once, as after a rotation of keys. */
  readonly distrusted = new Set<string>()
  /** That were ever made to it. */
  connections = 0
  /** Statuses and reasons with which requests were answered or passed, in order. */
  readonly verdicts: string[] = []
  /** Headers as the container gets them. */
  readonly forwarded: IncomingHttpHeaders[] = []
  /** Of the requests that passed: path, token, and the names of the headers as they came. */
  readonly passed: { readonly path: string; readonly token: string; readonly names: readonly string[] }[] = []
  origin = ''
  readonly #options: CloudRunOptions
  readonly #server: Http2Server | Http2SecureServer
  readonly #sockets = new Set<Socket>()
  readonly #invokers = new Map<string, { granted: boolean; from: number }>()
  #jwks: Jwks = { keys: [] }
  #isWarm = false
  #passedMs = 0
  #container: ClientHttp2Session | undefined

  private constructor(options: CloudRunOptions) {
    this.#options = options
    this.#server = options.tls === undefined ? createServer() : createSecureServer(options.tls)
    this.#server.on('sessionError', () => {})
    this.#server.on('connection', (socket: Socket) => {
      this.connections++
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    this.#server.on(
      'stream',
      (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: readonly string[]) => {
        stream.on('error', () => {})
        this.#serve(stream, headers, raw).catch(() => stream.close(2))
      },
    )
  }

  static async start(t: Test, options: CloudRunOptions): Promise<CloudRun> {
    const service = new CloudRun(options)
    service.#server.listen(0, '127.0.0.1')
    await once(service.#server, 'listening')
    const { port } = service.#server.address() as AddressInfo
    service.origin = options.tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`
    service.audiences.push(service.origin)
    t.teardown(async () => {
      service.#container?.destroy()
      for (const socket of service.#sockets) socket.destroy()
      service.#server.close()
      await once(service.#server, 'close')
    })
    return service
  }

  /** Gives `roles/run.invoker` to an e-mail address, or to `sub:` and a subject. */
  grant(member: string): void {
    this.#invokers.set(member, { granted: true, from: this.#iamNow() + this.iamDelayMs })
  }

  revoke(member: string): void {
    this.#invokers.set(member, { granted: false, from: this.#iamNow() + this.iamDelayMs })
  }

  /** Lets grants and revocations age. */
  passTime(ms: number): void {
    this.#passedMs += ms
  }

  #iamNow(): number {
    return Date.now() + this.#passedMs
  }

  /** The next request meets a new instance. */
  goCold(): void {
    this.#isWarm = false
  }

  async #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[]): Promise<void> {
    // Nothing may be read, and so acknowledged, before the caller is known.
    const checked = await this.#check(headers)
    if (stream.destroyed) return
    const fault = this.faults.find(({ times }) => times > 0)
    if ('status' in checked) {
      this.verdicts.push(`${checked.status} ${checked.why}`)
      const isUnauthorized = checked.status === 401
      return answerPage(stream, checked.status, isUnauthorized ? 'Unauthorized' : 'Forbidden', notForbidden, {
        ...(isUnauthorized ? { 'www-authenticate': notVerified } : {}),
      })
    }
    if (fault !== undefined) {
      fault.times--
      this.verdicts.push(`${fault.status} fault`)
      const text = fault.text ?? 'The service is not available.'
      const echoed = fault.echo === true ? ` ${headers['x-serverless-authorization']}` : ''
      return answerPage(stream, fault.status, 'Server Error', text + echoed, {
        ...(fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter }),
      })
    }
    if (!this.#isWarm) {
      this.#isWarm = true
      if (this.coldStartMs > 0) await sleep(this.coldStartMs)
    }
    this.verdicts.push('passed')
    this.passed.push({
      path: String(headers[':path']),
      token: String(headers['x-serverless-authorization'] ?? headers.authorization ?? '').replace(/^bearer /i, ''),
      names: raw.filter((name, index) => index % 2 === 0 && !name.startsWith(':')),
    })
    const outgoing = this.#outgoing(headers, checked)
    this.forwarded.push(outgoing)
    if (this.http2) this.#passHttp2(stream, outgoing)
    else this.#passHttp1(stream, outgoing)
  }

  async #check(headers: IncomingHttpHeaders): Promise<Caller | Denial> {
    const serverless = headers['x-serverless-authorization']
    const header = serverless !== undefined ? 'x-serverless-authorization' : 'authorization'
    const value = serverless ?? headers.authorization
    if (this.allowUnauthenticated) return { header: undefined }
    if (value === undefined) return { status: 403, why: 'no token' }
    const [, token] = bearer.exec(String(value)) ?? []
    if (token === undefined) return { status: 401, why: 'no JWT' }
    const claims = verifyRs256(token, await this.#keysFor(token))
    if (claims === undefined || this.distrusted.has(token)) return { status: 401, why: 'signature' }
    const now = Date.now() / 1000
    if (!issuers.includes(String(claims.iss))) return { status: 401, why: 'issuer' }
    if (typeof claims.exp !== 'number' || claims.exp <= now) return { status: 401, why: 'expired' }
    if (typeof claims.iat !== 'number' || Math.floor(claims.iat) > now) return { status: 401, why: 'issued later' }
    if (typeof claims.sub !== 'string') return { status: 401, why: 'no subject' }
    if (!this.audiences.includes(String(claims.aud))) return { status: 401, why: 'audience' }
    const members = [claims.email, `sub:${claims.sub}`]
    return members.some((member) => this.#mayInvoke(String(member))) ? { header } : { status: 403, why: 'no invoker' }
  }

  #mayInvoke(member: string): boolean {
    const binding = this.#invokers.get(member)
    return binding !== undefined && binding.granted === this.#iamNow() >= binding.from
  }

  async #keysFor(token: string): Promise<Jwks> {
    const header = Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()
    if (!this.#jwks.keys.some(({ kid }) => header.includes(JSON.stringify(kid)))) {
      const response = await fetch(this.#options.jwksUrl)
      this.#jwks = (await response.json()) as Jwks
    }
    return this.#jwks
  }

  #outgoing(headers: IncomingHttpHeaders, { header }: Caller): IncomingHttpHeaders {
    const outgoing: IncomingHttpHeaders = {}
    for (const [name, value] of Object.entries(headers)) {
      if (hopByHop.includes(name) || name.startsWith('x-google-')) continue
      if (name !== header) outgoing[name] = value
      else if (this.forward === 'redact' || header === 'authorization') {
        outgoing[name] = String(value).replace(/\.[^.]*$/, '.SIGNATURE_REMOVED_BY_GOOGLE')
      }
    }
    outgoing['x-forwarded-for'] = '203.0.113.7'
    outgoing['x-forwarded-proto'] = 'https'
    outgoing['x-cloud-trace-context'] = '0123456789abcdef0123456789abcdef/1;o=1'
    return outgoing
  }

  #passHttp2(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    if (this.#container === undefined || this.#container.closed || this.#container.destroyed) {
      this.#container = connect(this.#options.container)
      this.#container.on('error', () => {})
    }
    const upstream = this.#container.request(headers, { endStream: false })
    upstream.on('error', () => unavailable(stream, 'upstream connect error or disconnect/reset before headers'))
    upstream.on('response', (response) => {
      respond(stream, Number(response[':status']), response)
      join(upstream, stream)
    })
    join(stream, upstream)
    stream.on('close', () => upstream.close(stream.rstCode ?? 0))
  }

  #passHttp1(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const plain = Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':')))
    const upstream = http1Request(new URL(String(headers[':path']), this.#options.container), {
      method: String(headers[':method']),
      headers: plain,
    })
    upstream.on('error', () => unavailable(stream, 'malformed response or connection error'))
    upstream.on('response', (response) => {
      respond(stream, response.statusCode ?? 502, response.headers)
      join(response, stream)
    })
    let bytes = 0
    const counted = new PassThrough().on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= this.maxHttp1RequestBytes) return
      upstream.destroy()
      answerPage(stream, 413, 'Request Entity Too Large', 'Your client issued a request that was too large.')
    })
    join(stream, counted)
    join(counted, upstream)
    stream.on('close', () => upstream.destroy())
  }
}

function join(from: Readable, to: Writable): void {
  pipeline(from, to, () => {})
}

function respond(stream: ServerHttp2Stream, status: number, headers: IncomingHttpHeaders): void {
  if (stream.destroyed || stream.headersSent) return
  const kept = Object.entries(headers).filter(([name]) => !name.startsWith(':') && !hopByHop.includes(name))
  stream.respond({ ...Object.fromEntries(kept), ':status': status, server: 'Google Frontend' })
}

function unavailable(stream: ServerHttp2Stream, reason: string): void {
  if (stream.destroyed) return
  // What has begun can only be broken off.
  if (stream.headersSent) stream.close(2)
  else
    answerPage(
      stream,
      503,
      'Server Error',
      `The service you requested is not available yet. ${reason}. reset reason: protocol error`,
    )
}

function answerPage(
  stream: ServerHttp2Stream,
  status: number,
  title: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (stream.destroyed || stream.headersSent) return
  stream.respond({
    ':status': status,
    'content-type': 'text/html; charset=UTF-8',
    server: 'Google Frontend',
    ...headers,
  })
  stream.end(
    `<html><head>\n<title>${status} ${title}</title>\n</head>\n<body><h1>Error: ${title}</h1>\n<h2>${text}</h2></body></html>\n`,
  )
}
