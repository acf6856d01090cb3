import { IngressBadCredentials, IngressNoCredentials } from '../../errors/ingress.ts'
import type { PerdureError } from '../../errors/perdure-error.ts'
import type { AuthResult } from '../metrics.ts'

const noHeaders: Readonly<Record<string, string>> = {}

/** What a 401 asks for (RFC 6750 section 3); other errors ask for nothing. */
export function challengeFor({ code }: PerdureError): Readonly<Record<string, string>> {
  if (code === IngressNoCredentials.definition.code) return { 'www-authenticate': 'Bearer realm="ingress"' }
  if (code !== IngressBadCredentials.definition.code) return noHeaders
  return { 'www-authenticate': 'Bearer realm="ingress", error="invalid_token"' }
}

/** How a check that failed counts. */
export function authResultOf(error: unknown): AuthResult {
  if (error instanceof IngressNoCredentials) return 'missing'
  return error instanceof IngressBadCredentials ? 'refused' : 'unavailable'
}
