import { GcpAuthInvalid } from '../errors/gcp.ts'
import { isPrivateHost } from './private-host.ts'

/** How a deployment is authenticated to, as it is stored: by Google ID tokens for this audience. */
export interface GoogleIdTokenAuth {
  readonly audience: string
  /** E-mail address. `undefined`: the token is the server's own. */
  readonly impersonateServiceAccount?: string | undefined
}

/** The same as somebody asks for it. */
export interface GoogleIdTokenRequest {
  readonly audience?: string | undefined
  readonly impersonateServiceAccount?: string | undefined
}

/** The header that carries the token; Cloud Run looks at it before `Authorization`, which stays free for the service. */
export const idTokenHeader = 'x-serverless-authorization'

/** What the header holds. */
export function idTokenHeaderValue(token: string): string {
  return `Bearer ${token}`
}

const maxAudienceLength = 2048
const printableAscii = /^[!-~]+$/
const serviceAccountEmail = /^[a-z0-9][a-z0-9._-]{0,127}@(?:[a-z0-9][a-z0-9-]{0,62}\.){1,8}gserviceaccount\.com$/
// To a URL parser a backslash is a slash.
const absoluteUrl = /^([a-z][a-z0-9+.-]*):\/\/([^/?#\\]*)/i
// No percent-encoding: the URL parser would decode it and dial another name than the token is for.
const hostAndPort = /^(\[[^\]%]*\]|[^:%]*)(?::(\d*))?$/

/**
 * The authentication to store for a deployment at this URL, the audience filled in. `rawUrl` is the text that was
 * registered, before any normalisation. Throws `GcpAuthInvalid`, naming the field of the registration.
 */
export function checkAuth(rawUrl: string, asked: GoogleIdTokenRequest): GoogleIdTokenAuth {
  const url = URL.parse(rawUrl)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw invalid('uri', 'Google ID tokens need an absolute https:// URL')
  }
  if (url.protocol === 'http:' && !isPrivateHost(url.hostname)) {
    throw invalid(
      'auth',
      `GCP authentication requires an https URI for non-loopback/private hosts; got ${url.origin}. ` +
        'Whoever reads the token on the way can use it',
    )
  }
  const { impersonateServiceAccount } = asked
  if (impersonateServiceAccount !== undefined) checkServiceAccount(impersonateServiceAccount)
  const audience = asked.audience ?? deriveAudience(rawUrl)
  checkAudience(audience)
  return { audience, impersonateServiceAccount }
}

/**
 * The audience of a deployment that names none: scheme in lower case, host as it is written, port only where one is
 * written, even the scheme's own; no user, path or query. It is taken from the text because a URL parser changes the
 * case of the host and drops default ports, and Restate does neither. Throws `GcpAuthInvalid`.
 */
export function deriveAudience(rawUrl: string): string {
  const [, scheme, authority] = absoluteUrl.exec(rawUrl) ?? []
  const [, host, port] = hostAndPort.exec(authority?.slice(authority.lastIndexOf('@') + 1) ?? '') ?? []
  if (scheme === undefined || host === undefined || host === '') {
    throw invalid('auth.audience', 'no audience can be derived from the URI; give one')
  }
  return `${scheme.toLowerCase()}://${host}${port === undefined || port === '' ? '' : `:${port}`}`
}

/** Throws `GcpAuthInvalid`. */
export function checkAudience(audience: string): void {
  if (audience.length > maxAudienceLength || !printableAscii.test(audience)) {
    throw invalid(
      'auth.audience',
      `an audience is 1 to ${maxAudienceLength} characters of printable ASCII without spaces, usually a URL`,
    )
  }
}

/** Strict, because the address becomes part of a URL path to which an access token is sent. Throws `GcpAuthInvalid`. */
export function checkServiceAccount(email: string): void {
  if (!isServiceAccount(email)) {
    throw invalid(
      'auth.impersonate_service_account',
      `${JSON.stringify(email.slice(0, 200))} is not the e-mail address of a service account; write for example ` +
        'invoker@my-project.iam.gserviceaccount.com',
    )
  }
}

export function isServiceAccount(text: string): boolean {
  return text.length <= 320 && serviceAccountEmail.test(text)
}

function invalid(field: string, reason: string): Error {
  return new GcpAuthInvalid(`The request field '${field}' is invalid. Reason: ${reason}.`)
}
