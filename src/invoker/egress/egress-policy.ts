import type { LookupFunction } from 'node:net'

/**
 * Decides which addresses the server connects to on behalf of whoever registers deployments. A connection asks
 * twice: `checkUrl` before it is opened, because a literal address is never looked up, and a lookup function
 * while it is opened, because a name may resolve to something else each time.
 */
export interface EgressPolicy {
  /** Throws `EgressDenied` when the URL names a denied host or is a denied literal address. */
  checkUrl(url: URL): void
  /** Resolves a name for a connection to this port; an answer with any denied address is an error as a whole. */
  lookupFor(port: number): LookupFunction
}

/** The port that a connection to this URL goes to. */
export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port)
  return url.protocol === 'https:' ? 443 : 80
}
