import type { Client } from './client.ts'
import type { Pass } from './passes.ts'

/** Something to do with a server; what it returns is compared. */
export interface Scenario {
  /** `theme: what happens`. */
  readonly name: string
  readonly passes: readonly Pass[]
  run(client: Client): Promise<unknown>
}

/** The scenarios of one file. */
export function theme(
  name: string,
  passes: readonly Pass[],
  scenarios: Readonly<Record<string, (client: Client) => Promise<unknown>>>,
): Scenario[] {
  return Object.entries(scenarios).map(([what, run]) => ({ name: `${name}: ${what}`, passes, run }))
}
