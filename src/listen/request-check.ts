import type { Refusal } from './error-answer.ts'

/** What a request may look like. */
export interface RequestLimits {
  readonly maxHeaderCount: number
  readonly maxHeaderBytes: number
  readonly requestSizeLimitBytes: number
}

/** The part of a request that both protocols give. */
export interface CheckedRequest {
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[]
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  url?: string | undefined
}

/**
 * Checks what Node leaves open in HTTP/1.1: the number of headers (Node cuts the list silently), exactly one Host, the
 * transfer coding, a target of this server, and the declared body size. An absolute-form target for this very host is
 * made a path.
 */
export function checkHttp1(request: CheckedRequest, httpVersion: string, limits: RequestLimits): Refusal | undefined {
  // Node's parser takes a line without a version for a request of 1991, and others as they come.
  if (httpVersion !== '1.1' && httpVersion !== '1.0')
    return { status: 400, message: 'the request line has no HTTP version, or another one than 1.0 and 1.1' }
  const raw = request.rawHeaders
  if (raw.length > limits.maxHeaderCount * 2) return tooManyHeaders(limits)
  let hosts = 0
  for (let i = 0; i < raw.length; i += 2) if (isHost(raw[i])) hosts++
  if (hosts > 1) return { status: 400, message: 'more than one Host header' }
  if (hosts === 0 && httpVersion === '1.1') return { status: 400, message: 'Host header is missing' }
  const coding = request.headers['transfer-encoding']
  // The parser refuses others too, but only after it has announced the request.
  if (typeof coding === 'string' && coding.toLowerCase() !== 'chunked') {
    return { status: 400, message: 'the only transfer coding taken is chunked' }
  }
  return checkTarget(request) ?? checkDeclaredSize(request, limits)
}

/** The per-field overhead of RFC 9113 §6.5.2, in which HTTP/2 counts the size of a header list. */
const http2FieldOverheadBytes = 32

/**
 * The same for HTTP/2, and the size of the header list, which nghttp2 only advertises. `:authority` and `Host` must
 * not disagree: whoever checks one would otherwise be deceived by the other.
 */
export function checkHttp2(request: CheckedRequest, limits: RequestLimits): Refusal | undefined {
  const raw = request.rawHeaders
  let count = 0
  let bytes = 0
  let hosts = 0
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? ''
    bytes += name.length + (raw[i + 1] ?? '').length + http2FieldOverheadBytes
    if (name.charCodeAt(0) !== 0x3a) count++
    if (isHost(name)) hosts++
  }
  if (count > limits.maxHeaderCount) return tooManyHeaders(limits)
  if (bytes > limits.maxHeaderBytes) return headersTooLarge(limits)
  if (hosts > 1) return { status: 400, message: 'more than one Host header' }
  const authority = request.headers[':authority']
  const host = request.headers.host
  if (authority === undefined && host === undefined) return { status: 400, message: ':authority is missing' }
  if (authority !== undefined && host !== undefined && authority !== host) {
    return { status: 400, message: ':authority and Host differ' }
  }
  return checkTarget(request) ?? checkDeclaredSize(request, limits)
}

export function headersTooLarge(limits: RequestLimits): Refusal {
  return { status: 431, message: `the request headers have more than ${limits.maxHeaderBytes} bytes` }
}

export function bodyTooLarge(limits: RequestLimits): Refusal {
  return { status: 413, message: `the request body has more than ${limits.requestSizeLimitBytes} bytes` }
}

function tooManyHeaders(limits: RequestLimits): Refusal {
  return { status: 431, message: `the request has more than ${limits.maxHeaderCount} headers` }
}

function isHost(name: string | undefined): boolean {
  return name !== undefined && name.length === 4 && (name === 'host' || name.toLowerCase() === 'host')
}

function checkTarget(request: CheckedRequest): Refusal | undefined {
  const target = request.url ?? ''
  // A slash, or the asterisk of OPTIONS.
  if (target.charCodeAt(0) === 0x2f || target === '*') return undefined
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target)
  if (absolute === null) return { status: 400, message: 'the request target is neither a path nor a URL' }
  const [, authority = '', rest = ''] = absolute
  const host = request.headers.host
  if (typeof host !== 'string' || authority.toLowerCase() !== host.toLowerCase()) {
    return { status: 400, message: 'the request target names another host than the Host header' }
  }
  request.url = rest.startsWith('/') ? rest : `/${rest}`
  return undefined
}

function checkDeclaredSize(request: CheckedRequest, limits: RequestLimits): Refusal | undefined {
  const declared = request.headers['content-length']
  return declared !== undefined && Number(declared) > limits.requestSizeLimitBytes ? bodyTooLarge(limits) : undefined
}
