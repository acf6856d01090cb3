import assert from 'node:assert/strict'
import type { Rig } from '../rig.ts'
import { type Figures, perSecond, type Scale, type Scenario, seconds, stopwatch } from '../scenario.ts'

/** The last steps may take this many times as long as the first ones: a step must not pay for those before it. */
const GROWTH = 3

/** One invocation with many steps, which is suspended and replays all of them. */
export const longJournal: Scenario = {
  name: 'long journal',
  memoryBoundMiB: 300,
  async run(rig: Rig, { journalEntries }: Scale): Promise<Figures> {
    // A step is a command and a notification.
    const steps = journalEntries / 2
    const walking = stopwatch()
    const sum = await rig.ingress.json<number>('POST', '/StressJournal/walk', { steps })
    const walkMs = walking()
    assert.equal(sum, (steps * (steps - 1)) / 2, 'the sum over all steps')

    const { walks, repeatedSteps } = await rig.seen()
    const { failed, suspended } = await rig.figures()
    assert.equal(failed, 0, 'no attempt failed')
    assert(suspended >= 1, 'it was suspended')
    assert.equal(repeatedSteps, 0, 'each step ran once')
    const [first = [], last = []] = [walks[0], walks.at(-1)]
    assert.equal(last.length, 11, 'it was replayed to the end')
    const tenths = first.slice(1).map((at, index) => at - (first[index] ?? at))
    // The first tenth compiles what the others run.
    const [early = 0, late = 0] = [mean(tenths.slice(1, 4)), mean(tenths.slice(-3))]
    assert(late <= GROWTH * early + 50, `steps do not become slower: ${tenths.join(' ')} ms a tenth`)
    return {
      steps: `${steps} in ${seconds(span(first))} (${perSecond(steps, span(first))})`,
      'slower at the end by': `${(late / Math.max(1, early)).toFixed(2)} x`,
      'replay of all': `${span(last)} ms`,
      'from call to answer': seconds(walkMs),
    }
  },
}

function span(marks: readonly number[]): number {
  return (marks.at(-1) ?? 0) - (marks[0] ?? 0)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}
