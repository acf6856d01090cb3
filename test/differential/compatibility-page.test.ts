import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { differencesAtIngress, differencesEverywhere, type ExpectedDifference } from './expected-differences.ts'
import { scenarios } from './scenarios/all.ts'

const page = await readFile(join(import.meta.dirname, '../../docs/compatibility.md'), 'utf8')

/** Rows of the table below a heading. */
function tableBelow(heading: string): string[][] {
  const [, section = ''] = page.split(`## ${heading}\n`)
  const [text = ''] = section.split('\n## ')
  const rows = text.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

const row = ({ restate, perdure, why }: ExpectedDifference) => [restate, perdure, why]

t.test('docs/compatibility.md names the differences that the differential run expects, and no others', async (t) => {
  t.same(tableBelow('What callers see'), differencesAtIngress.map(row))
  t.same(tableBelow('Everywhere'), differencesEverywhere.map(row))
})

t.test('each sighting is of a scenario that there is', async (t) => {
  for (const { seenIn } of [...differencesAtIngress, ...differencesEverywhere])
    for (const { scenario } of seenIn)
      t.ok(
        scenarios.some(({ name }) => scenario.test(name)),
        String(scenario),
      )
})

t.test('names of scenarios are their keys, so each is there once', async (t) => {
  const names = scenarios.map(({ name }) => name)
  t.equal(new Set(names).size, names.length)
  t.ok(names.length >= 120, `${names.length} scenarios`)
})
