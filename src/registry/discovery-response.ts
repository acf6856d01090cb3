import type { Readable } from 'node:stream'
import type { DeploymentAuth } from '../core/deployment.ts'
import { BadDiscoveryResponse, DiscoveryStatus } from '../errors/registry.ts'
import { explainFrontEndAnswer, isFrontEndAnswer } from '../gcp/front-end-answer.ts'
import { manifestVersionOf } from '../protocol/content-type.ts'
import type { ResponseHead } from './exchange.ts'
import { bodyFailure, TransientFailure } from './transport-failure.ts'

const transientStatuses = new Set([408, 429, 500, 502, 503, 504])
/** Of an error page that is looked at. */
const maxPageBytes = 4096

/**
 * Rejects unless the status is 2xx; `auth` is what the request was sent with. A response is never shown to whoever
 * registers: it may be of another system.
 */
export async function checkStatus(at: string, head: ResponseHead, auth: DeploymentAuth | undefined): Promise<void> {
  const { status, headers } = head
  if (status >= 200 && status < 300) return
  // Only the page of a server error tells more than its status.
  const page = status >= 500 && isFrontEndAnswer(headers) ? await beginningOf(head.body) : undefined
  const hint = explainFrontEndAnswer(status, headers, page, auth) ?? statusHint(status)
  const error = new DiscoveryStatus(`${at} answered discovery with status ${status}. ${hint}`)
  throw transientStatuses.has(status) ? new TransientFailure(error) : error
}

function statusHint(status: number): string {
  if (status >= 300 && status < 400) {
    return 'Redirects are not followed: register the address to which it redirects.'
  }
  switch (status) {
    case 401:
    case 403:
      return (
        'It refuses the server: if the service checks request identity, give the server the private key of one of ' +
        'its identityKeys; if something before it asks for credentials, send them as additional_headers.'
      )
    case 404:
      return 'Check the path of the URI: the SDK is probably mounted under another one, or something else listens there.'
    case 405:
    case 406:
    case 415:
      return 'Something else than an SDK endpoint probably listens there, or its SDK is too old for this server.'
    case 429:
      return 'It limits the rate of requests; try again later.'
    default:
      return 'The log of the service, or of the proxy before it, tells why.'
  }
}

/** Throws unless the content type is exactly one of a service manifest. */
export function checkContentType(at: string, contentType: string | undefined): void {
  if (manifestVersionOf(contentType) !== undefined) return
  throw new BadDiscoveryResponse(
    `${at} did not answer discovery with a service manifest, but with ${shown(contentType)}. ${contentTypeHint(contentType)}`,
  )
}

function contentTypeHint(contentType: string | undefined): string {
  if (contentType?.toLowerCase().startsWith('text/html')) {
    return 'That is a web page: a web site, a login page or a proxy answers there. Check host, port and path of the URI.'
  }
  if (contentType?.toLowerCase().startsWith('application/vnd.restate.endpointmanifest.')) {
    return 'It must be one of the media types that the server asked for, in lower case and without parameters.'
  }
  return 'Check that an SDK endpoint is mounted at this path, and that no proxy changes the content type.'
}

function shown(contentType: string | undefined): string {
  if (contentType === undefined) return 'a response without content type'
  return `content type '${contentType.replaceAll(/[^ -~]/g, '?').slice(0, 100)}'`
}

/** What the SDK says of itself, as `restate-sdk-typescript/1.17.2`. */
export function sdkVersionOf(head: ResponseHead): string | undefined {
  const server = head.headers['x-restate-server']
  return typeof server === 'string' ? server : undefined
}

/** The bytes of a body, up to a limit. What breaks off is worth another attempt, what is too large is not. */
export async function readBody(at: string, head: ResponseHead, maxBytes: number): Promise<Buffer> {
  const chunks = await collect(at, head.body, maxBytes)
  if (!(await head.isComplete())) throw bodyFailure(at, new Error('incomplete'))
  return Buffer.concat(chunks)
}

async function beginningOf(body: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const part of body) {
      const chunk: Buffer = part
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= maxPageBytes) break
    }
  } catch {
    // What came before it broke off will do.
  }
  return Buffer.concat(chunks).toString('latin1', 0, maxPageBytes)
}

async function collect(at: string, body: Readable, maxBytes: number): Promise<Buffer[]> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const part of body) {
      const chunk: Buffer = part
      bytes += chunk.length
      if (bytes > maxBytes) break
      chunks.push(chunk)
    }
  } catch (cause) {
    throw bodyFailure(at, cause)
  }
  if (bytes > maxBytes) {
    throw new BadDiscoveryResponse(
      `the service manifest of ${at} is larger than ${maxBytes} bytes. Split the services over several deployments, ` +
        'or make their JSON schemas smaller.',
    )
  }
  return chunks
}
