import { createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject, sign, verify } from 'node:crypto'

export interface KeyPair {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** PKCS8, as it is in a service account's file. */
  readonly pem: string
}

export function rsaKeyPair(kid: string): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { kid, privateKey, publicKey, pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}

export type JwtPart = Record<string, unknown>

export function signRs256(key: KeyPair, claims: JwtPart, header: JwtPart = {}): string {
  const input = `${encoded({ alg: 'RS256', typ: 'JWT', kid: key.kid, ...header })}.${encoded(claims)}`
  return `${input}.${sign('RSA-SHA256', Buffer.from(input), key.privateKey).toString('base64url')}`
}

export interface Jwk extends JsonWebKey {
  readonly kid: string
}

export interface Jwks {
  readonly keys: readonly Jwk[]
}

export function jwksOf(...keys: readonly KeyPair[]): Jwks {
  return {
    keys: keys.map(({ publicKey, kid }) => ({ ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' })),
  }
}

/** The claims if the signature is good, by RS256 and a key of the set and nothing else; `undefined` otherwise. */
export function verifyRs256(token: string, jwks: Jwks): JwtPart | undefined {
  const [header = '', payload = ''] = token.split('.')
  const head = decoded(header)
  const jwk = jwks.keys.find(({ kid }) => kid === head?.kid)
  if (head?.alg !== 'RS256' || jwk === undefined) return undefined
  return isSignedBy(token, createPublicKey({ key: jwk, format: 'jwk' })) ? decoded(payload) : undefined
}

export function isSignedBy(token: string, publicKey: KeyObject): boolean {
  const [header, payload, signature = '', ...more] = token.split('.')
  if (more.length > 0) return false
  return verify('RSA-SHA256', Buffer.from(`${header}.${payload}`), publicKey, Buffer.from(signature, 'base64url'))
}

export function claimsIn(token: string): JwtPart {
  return decoded(token.split('.')[1] ?? '') ?? {}
}

function encoded(part: JwtPart): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}

function decoded(part: string): JwtPart | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
