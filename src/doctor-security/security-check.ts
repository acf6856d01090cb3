import type { Config } from '../config/config.ts'

/**
 * `ok`: as it should be. `advice`: could be tighter, or depends on what this command cannot see. `open`: to be mended
 * before the server faces others.
 */
export type Verdict = 'ok' | 'advice' | 'open'

/** What one check found, in a line. Nothing in it is secret. */
export interface Finding {
  readonly verdict: Verdict
  readonly summary: string
}

/** What checks look at: the configuration, and what was found on disk. They do nothing but judge it. */
export interface SecurityFacts {
  readonly config: Config
  /** The file of the configuration, absolute. */
  readonly configFile: string | undefined
  /** Why this file cannot keep a secret, missing or unreadable included; `undefined` when it can. */
  readonly fileProblem: (file: string) => string | undefined
  /** Why others could change this file, or put another one in its place; missing included. */
  readonly changeProblem: (file: string) => string | undefined
  /** Why others could put something else in the place of what is in this directory; `undefined` when there is none yet. */
  readonly directoryProblem: (directory: string) => string | undefined
  readonly exists: (file: string) => boolean
  /** Why the data directory is no private one; `undefined` when it is, or is still to be made. */
  readonly dataProblem: string | undefined
  /** Ids of keys that the data directory needs and `secrets.key-file` does not hold; `undefined` when that cannot be found out. */
  readonly missingSealingKeys: readonly string[] | undefined
  /** Addresses of the registered deployments without their query; `undefined` when they cannot be read. */
  readonly deployments: readonly RegisteredDeployment[] | undefined
}

export interface RegisteredDeployment {
  readonly uri: string
  /** Requests carry a Google ID token. */
  readonly hasAuth: boolean
}

export interface SecurityCheck {
  /** In kebab-case, for whoever reads the JSON. */
  readonly name: string
  look(facts: SecurityFacts): Finding
}

export function ok(summary: string): Finding {
  return { verdict: 'ok', summary }
}

export function advice(summary: string): Finding {
  return { verdict: 'advice', summary }
}

export function open(summary: string): Finding {
  return { verdict: 'open', summary }
}
