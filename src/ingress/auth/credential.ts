import { IngressBadCredentials } from '../../errors/ingress.ts'

/**
 * The credential in a header (lower case): of `authorization` what follows `Bearer`, of any other the whole value. `undefined`
 * when there is none. A header that is there twice may mean one thing to a proxy and another to us, so it throws
 * `IngressBadCredentials`.
 */
export function credentialIn(rawHeaders: readonly string[], header: string): string | undefined {
  let value: string | undefined
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name?.length !== header.length || name.toLowerCase() !== header) continue
    if (value !== undefined) throw new IngressBadCredentials(`there is more than one ${header} header`)
    value = rawHeaders[i + 1]
  }
  const credential = header === 'authorization' ? value?.match(bearer)?.[1] : value
  return credential === '' ? undefined : credential
}

// RFC 6750 section 2.1; the scheme is case-insensitive (RFC 9110 section 11.1).
const bearer = /^bearer +([^ ]+) *$/i
