import type { Invocation } from '../core/invocation.ts'
import type { Header } from '../core/journal.ts'
import { idTokenHeader, idTokenHeaderValue } from '../gcp/auth.ts'
import type { RequestHeaders } from './duplex.ts'
import type { Route } from './route.ts'

/**
 * Headers that prove who sends a request: `path` is what the service sees without a prefix, `key` the object key or
 * workflow id as it is.
 */
export type SignRequest = (path: string, key: string | undefined) => readonly Header[]

/**
 * The headers of an invocation request, in the peer's order. Where a name comes twice, the server's own value wins. The
 * ID token comes last, and is the only value of its name.
 */
export function requestHeaders(
  route: Route,
  invocation: Invocation,
  sign: SignRequest | undefined,
  configured: readonly Header[],
  idToken?: string,
): RequestHeaders {
  const headers: Record<string, string | string[]> = {
    'content-type': route.contentType,
    accept: route.contentType,
    'x-restate-invocation-id': invocation.id,
  }
  const { key } = invocation.target
  if (key !== undefined) headers['x-restate-service-key'] = encodedKey(key)
  for (const [name, value] of route.additionalHeaders) {
    const known = headers[name]
    if (known === undefined) headers[name] = value
    else headers[name] = Array.isArray(known) ? [...known, value] : [known, value]
  }
  if (sign !== undefined) for (const [name, value] of sign(route.signedPath, key)) headers[name] = value
  for (const [name, value] of configured) headers[name] = value
  if (idToken !== undefined) {
    // A name that is set again keeps its place.
    if (headers[idTokenHeader] !== undefined) delete headers[idTokenHeader]
    headers[idTokenHeader] = idTokenHeaderValue(idToken)
  }
  return headers
}

/** Percent-encodes all but `A-Za-z0-9-_.~`, which is a little more than the language's function does. */
function encodedKey(key: string): string {
  return encodeURIComponent(key).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
