import { GcpAmbientUnsupported, GcpCredentialsUnusable, GcpMintTimeout } from '../errors/gcp.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import type { Credential } from './credential.ts'

/** How mints end. `given-up`: the server stopped, or the one who wanted the token has gone. */
export const mintResults = ['minted', 'failed', 'timeout', 'unsupported', 'no-credentials', 'given-up'] as const

export type MintResult = (typeof mintResults)[number]

/** `none`: it ended before credentials were found. */
export const mintSources = [
  'metadata-server',
  'service-account-key',
  'user',
  'workload-identity',
  'impersonated-account',
  'none',
] as const satisfies readonly (Credential['kind'] | 'none')[]

export type MintSource = (typeof mintSources)[number]

/** One mint that has ended; it says neither for whom nor as whom. */
export interface MintRecord {
  readonly source: MintSource
  readonly result: MintResult
  readonly durationMs: number
}

const resultsByCode: ReadonlyMap<string, MintResult> = new Map([
  [GcpMintTimeout.definition.code, 'timeout'],
  [GcpAmbientUnsupported.definition.code, 'unsupported'],
  [GcpCredentialsUnusable.definition.code, 'no-credentials'],
])

/** What the error of a mint counts as that nobody has given up. */
export function mintFailureOf(error: unknown): MintResult {
  return (error instanceof PerdureError ? resultsByCode.get(error.code) : undefined) ?? 'failed'
}
