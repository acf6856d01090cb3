export type Claims = Readonly<Record<string, unknown>>

const jwtShape = /^[\w-]+\.([\w-]+)\.[\w-]+$/

/** What a token says, unverified: whether to believe it is the service's business. `undefined` if it is no JWT. */
export function claimsOf(token: string): Claims | undefined {
  const [, payload] = jwtShape.exec(token) ?? []
  if (payload === undefined) return undefined
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims) ? { ...claims } : undefined
  } catch {
    return undefined
  }
}

/** When it expires, in ms since 1970; `undefined` if it does not say. */
export function expiryOf(claims: Claims): number | undefined {
  return typeof claims.exp === 'number' && Number.isFinite(claims.exp) ? claims.exp * 1000 : undefined
}

/** How long it lives in all, ms; `undefined` if it does not say. */
export function lifetimeOf({ iat, exp }: Claims): number | undefined {
  return typeof iat === 'number' && typeof exp === 'number' && exp > iat ? (exp - iat) * 1000 : undefined
}

export function isSameIdentity(token: string, other: string): boolean {
  const [claims, others] = [claimsOf(token), claimsOf(other)]
  return claims?.sub === others?.sub && claims?.email === others?.email
}
