import { isIPv4 } from 'node:net'
import { isPrivateHost } from './private-host.ts'

/** Google's API hosts over TLS on the usual port: where credentials may be sent. */
export function isGoogleApi(url: URL): boolean {
  return url.protocol === 'https:' && url.port === '' && url.hostname.endsWith('.googleapis.com') && url.username === ''
}

/** Where a subject token may be fetched from: over TLS anywhere, in clear text only nearby (Azure's is link-local). */
export function isSubjectTokenUrl(url: URL): boolean {
  // They would be in the texts of errors; there are headers for them.
  if (url.username !== '' || url.password !== '') return false
  if (url.protocol === 'https:') return true
  if (url.protocol !== 'http:') return false
  return isPrivateHost(url.hostname) || (isIPv4(url.hostname) && url.hostname.startsWith('169.254.'))
}
