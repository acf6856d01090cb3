import type { Execution } from './execute.ts'
import { differencesAtIngress, differencesEverywhere, type Sighting } from './expected-differences.ts'
import { type Difference, differences, type Observation } from './observation.ts'

const atIngress = differencesAtIngress.flatMap(({ seenIn }) => seenIn)
const everywhere = differencesEverywhere.flatMap(({ seenIn }) => seenIn)

const MIN_REQUESTS = 1500

const title = ({ scenario, pass }: Execution) => `${scenario.name} [${pass.name}]`

/** Prints what each execution showed; false if a server did not show the same in each round. */
export function reportObservations(executions: readonly Execution[]): boolean {
  let steady = true
  for (const execution of executions) {
    const rounds: readonly Observation[] = execution.official.length > 0 ? execution.official : execution.ours
    console.log(`\n${title(execution)}\n${pretty(rounds[0])}`)
    for (const [index, round] of rounds.entries()) {
      const found = differences(rounds[0], round)
      if (found.length === 0) continue
      steady = false
      console.log(
        `  NOT STEADY, round ${index + 1}: ${found.map(({ at, ours }) => `${at} = ${pretty(ours)}`).join(', ')}`,
      )
    }
  }
  console.log(
    `\n${executions.length} observations, ${steady ? 'the same in each round' : 'not the same in each round'}`,
  )
  return steady
}

/** Prints how many different requests a server has had at ingress; false if a whole run makes fewer than it used to. */
export function reportRequests(requests: ReadonlySet<string>, everything: boolean): boolean {
  console.log(`${requests.size} different requests at ingress`)
  return !everything || requests.size >= MIN_REQUESTS
}

/** Prints the differences that nobody expects; false if there are any, or if an expected one has gone. */
export function reportComparison(executions: readonly Execution[], everything: boolean): boolean {
  const seen = new Set<Sighting>()
  let failures = 0
  let expected = 0
  for (const execution of executions) {
    const unexpected: Difference[] = []
    for (const difference of differences(execution.official[0], execution.ours[0])) {
      const expectedHere = execution.pass.likeRestate === true ? everywhere : [...everywhere, ...atIngress]
      const sighting = expectedHere.find(
        ({ scenario, at, ours }) =>
          scenario.test(execution.scenario.name) && at.test(difference.at) && ours.test(pretty(difference.ours)),
      )
      if (sighting === undefined) unexpected.push(difference)
      else {
        seen.add(sighting)
        expected += 1
      }
    }
    if (unexpected.length === 0) continue
    failures += 1
    console.log(`\nDIFFERENT: ${title(execution)}`)
    for (const { at, official, ours } of unexpected)
      console.log(`  at ${at}\n    official ${pretty(official)}\n    ours     ${pretty(ours)}`)
  }
  const gone = everything ? [...everywhere, ...atIngress].filter((sighting) => !seen.has(sighting)) : []
  for (const { scenario, at } of gone) console.log(`\nEXPECTED, BUT NOT SEEN: ${scenario} at ${at}`)
  const names = new Set(executions.map(({ scenario }) => scenario.name))
  console.log(
    `\n${names.size} scenarios, ${executions.length} comparisons: ${executions.length - failures} as expected (${expected} deliberate differences), ${failures} different`,
  )
  return failures === 0 && gone.length === 0
}

function pretty(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing'
}
