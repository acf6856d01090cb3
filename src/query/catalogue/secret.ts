import type { SecretKind } from '../visibility.ts'

/** What a column shows to those who may not see it: SQL over the same tables. It must be no condition on the secret. */
export interface Secret {
  readonly kind: SecretKind
  readonly masked: string
}

/** A text or bytes that are always there. A string of JSON, because clients parse values that are text. */
export const maskedText: Secret = { kind: 'content', masked: `'"***"'` }
export const maskedBytes: Secret = { kind: 'content', masked: `x'222a2a2a22'` }

/** What cannot be masked and keep its form. */
export const leftOut: Secret = { kind: 'content', masked: 'NULL' }

/** A mask where `sql` gives something: that there is something is no secret. */
export function maskedWhereThere(sql: string, { masked }: Secret): Secret {
  return { kind: 'content', masked: `CASE WHEN ${sql} IS NOT NULL THEN ${masked} END` }
}

/** A failure as the peer shows it, `[code] message`: the code stays. */
export function maskedFailure(sql: string): Secret {
  return { kind: 'content', masked: `substr(${sql}, 1, instr(${sql}, ']')) || ' ***'` }
}

/** The address of a deployment, whose query may be a key. */
export function maskedAddress(sql: string): Secret {
  return {
    kind: 'credential',
    masked: `iif(instr(${sql}, '?') = 0, ${sql}, substr(${sql}, 1, instr(${sql}, '?')) || '***')`,
  }
}
