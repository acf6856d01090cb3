/**
 * What a query may see.
 *
 * - `everything`: what the peer shows.
 * - `content`: not credentials, which the addresses of deployments may hold.
 * - `structure`: nor what callers and handlers said, which is payloads, values of state and promises, texts of failures; names, ids,
 *   keys, times, statuses, codes and sizes remain.
 */
export type Visibility = 'everything' | 'content' | 'structure'

/** Why a column is not for everybody. */
export type SecretKind = 'content' | 'credential'

export function isHidden(kind: SecretKind, from: Visibility): boolean {
  switch (from) {
    case 'everything':
      return false
    case 'content':
      return kind === 'credential'
    case 'structure':
      return true
  }
}
