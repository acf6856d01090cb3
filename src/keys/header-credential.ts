/**
 * The credential in a header (lower case) of a request (name, value, name, value … as Node has them): of `authorization` what
 * follows `Bearer`, of any other the whole value. `undefined` when there is none; `repeated` when the header is there
 * twice, because it may then mean one thing to a proxy and another to us.
 */
export function headerCredential(
  rawHeaders: readonly string[],
  header: string,
): { readonly value: string } | 'repeated' | undefined {
  let value: string | undefined
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name?.length !== header.length || name.toLowerCase() !== header) continue
    if (value !== undefined) return 'repeated'
    value = rawHeaders[i + 1]
  }
  const credential = header === 'authorization' ? value?.match(bearer)?.[1] : value
  return credential === undefined || credential === '' ? undefined : { value: credential }
}

// RFC 6750 section 2.1; the scheme is case-insensitive (RFC 9110 section 11.1).
const bearer = /^bearer +([^ ]+) *$/i
