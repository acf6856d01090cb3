import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import { exportJWK, type JWK, type JWTPayload, SignJWT } from 'jose'
import { listenOnLoopback } from './loopback.ts'

export type Algorithm = 'RS256' | 'ES256' | 'EdDSA' | 'PS256' | 'ES384'

export interface SigningKey {
  readonly kid: string
  readonly algorithm: Algorithm
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly jwk: JWK
}

export async function newKey(kid: string, algorithm: Algorithm): Promise<SigningKey> {
  const { privateKey, publicKey } = newKeyPair(algorithm)
  return { kid, algorithm, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' } }
}

function newKeyPair(algorithm: Algorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  switch (algorithm) {
    case 'RS256':
    case 'PS256':
      return generateKeyPairSync('rsa', { modulusLength: 2048 })
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    case 'ES384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' })
    case 'EdDSA':
      return generateKeyPairSync('ed25519')
  }
}

/** A token with these claims, and nothing added. */
export function sign(
  key: SigningKey,
  claims: JWTPayload,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: key.algorithm, kid: key.kid, ...header }).sign(key.privateKey)
}

/** The key server of an issuer, on loopback. */
export interface KeyServer extends AsyncDisposable {
  readonly url: string
  /** How often it was asked. */
  requests: number
  /** What it answers; the keys, unless a test wants something else. */
  answer: (response: ServerResponse) => void
}

export async function startKeyServer(keys: () => readonly SigningKey[]): Promise<KeyServer> {
  const server = createServer((_request, response) => {
    issuer.requests++
    issuer.answer(response)
  })
  const port = await listenOnLoopback(server)
  const issuer: KeyServer = {
    url: `http://127.0.0.1:${port}/jwks.json`,
    requests: 0,
    answer: (response) => response.end(JSON.stringify({ keys: keys().map(({ jwk }) => jwk) })),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return issuer
}
