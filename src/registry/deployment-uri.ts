import { RegistrationInvalid } from '../errors/registry.ts'

const httpUrl = /^https?:\/\/[^/?#]/i
// Also keeps out what the URL parser would silently drop or turn into a slash: tabs, line ends, backslashes.
const printableAscii = /^[!-[\]-~]+$/

/**
 * The URL of a deployment as it is stored, shown and dialled: absolute, http or https, host in canonical form,
 * default port left out, path ending in a slash, query kept, fragment dropped. Throws `RegistrationInvalid`.
 */
export function parseDeploymentUri(text: string): URL {
  if (!httpUrl.test(text)) {
    throw invalidUri('the URI is not an absolute http:// or https:// URL; write for example http://localhost:9080')
  }
  if (!printableAscii.test(text)) {
    throw invalidUri(
      'the URI has characters that a URL cannot have; percent-encode the path, use punycode for the host',
    )
  }
  const url = URL.parse(text)
  if (url === null) throw invalidUri('the host or port of the URI cannot be read')
  if (url.username !== '' || url.password !== '') {
    throw invalidUri('the URI holds a user name or password; send credentials as a header in additional_headers')
  }
  if (url.port === '0') throw invalidUri('port 0 is no port that a deployment can listen on')
  url.hash = ''
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

/**
 * What tells one deployment from another: host, port where it is not the scheme's own, and path. Scheme, query
 * and the letter case of the host do not matter.
 */
export function addressOf(url: URL): string {
  return url.host + url.pathname
}

/** Where a deployment is, for messages: without the query, which may hold a secret. */
export function displayUri(url: URL): string {
  return url.origin + url.pathname
}

function invalidUri(reason: string): Error {
  return new RegistrationInvalid(`The request field 'uri' is invalid. Reason: ${reason}.`)
}
