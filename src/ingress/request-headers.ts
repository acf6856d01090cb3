/** The request headers that ingress itself reads; of a repeated one, the first counts (Restate 1.7.12, ingress). */
export interface IngressHeaders {
  readonly contentType: string | undefined
  /** May be empty, which is a key like any other. */
  readonly idempotencyKey: string | undefined
  readonly limitKey: string | undefined
}

/** Reads them from names and values in turn, as Node gives them. Lengths first: most names need no comparison. */
export function readIngressHeaders(rawHeaders: readonly string[]): IngressHeaders {
  let contentType: string | undefined
  let idempotencyKey: string | undefined
  let limitKey: string | undefined
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    switch (name.length) {
      case 12:
        if (contentType === undefined && name.toLowerCase() === 'content-type') contentType = rawHeaders[i + 1]
        break
      case 15:
        if (idempotencyKey === undefined && name.toLowerCase() === 'idempotency-key') idempotencyKey = rawHeaders[i + 1]
        break
      case 19:
        if (limitKey === undefined && name.toLowerCase() === 'x-restate-limit-key') limitKey = rawHeaders[i + 1]
        break
    }
  }
  return { contentType, idempotencyKey, limitKey }
}
