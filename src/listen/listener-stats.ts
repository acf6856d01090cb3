/** Counts of one listener; plain numbers, so that counting costs nothing. */
export interface ListenerStats {
  /** Open now. */
  connections: number
  connectionsAccepted: number
  /** Closed at once because `maxConnections` was reached. */
  connectionsRefused: number
  /** Closed because nothing came, or not enough to tell the protocol. */
  sniffTimeouts: number
  /** TLS handshakes that failed, those of clients without a good certificate included. */
  tlsFailures: number
  /** HTTP/2 sessions that ended with an error: floods, garbage, resets past the burst. */
  sessionErrors: number
  requests: number
  /** Counted only where `concurrentRequestsLimit` is set. */
  requestsInProgress: number
  /** By HTTP status, of the HTTP layer alone. */
  readonly refused: Record<RefusalStatus, number>
}

export const refusalStatuses = [400, 403, 408, 413, 429, 431] as const
export type RefusalStatus = (typeof refusalStatuses)[number]

export function newListenerStats(): ListenerStats {
  return {
    connections: 0,
    connectionsAccepted: 0,
    connectionsRefused: 0,
    sniffTimeouts: 0,
    tlsFailures: 0,
    sessionErrors: 0,
    requests: 0,
    requestsInProgress: 0,
    refused: { 400: 0, 403: 0, 408: 0, 413: 0, 429: 0, 431: 0 },
  }
}

export function countRefusal(stats: ListenerStats, status: number): void {
  for (const known of refusalStatuses) if (known === status) stats.refused[known]++
}
