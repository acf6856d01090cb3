import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { rows } from './rows.ts'

const tests = join(import.meta.dirname, '..')

/** Numbers behind `attack` at the beginning of a test's name: `attack 7: …`, `attack 29, 30: …`. */
const names = /\bt\.test\(\s*['"`]attack (\d+(?:, \d+)*)[:,]/g

async function numbersByFile(): Promise<Map<string, Set<number>>> {
  const found = new Map<string, Set<number>>()
  for await (const file of glob('**/*.test.ts', { cwd: tests })) {
    for (const [, list = ''] of readFileSync(join(tests, file), 'utf8').matchAll(names)) {
      const numbers = found.get(file) ?? new Set<number>()
      for (const number of list.split(', ')) numbers.add(Number(number))
      found.set(file, numbers)
    }
  }
  return found
}

t.test('each of the 44 attacks has its tests where the table says, and nowhere else', async (t) => {
  t.strictSame(
    Object.keys(rows).map(Number),
    Array.from({ length: 44 }, (_, index) => index + 1),
  )
  const found = await numbersByFile()
  for (const [number, { what, files }] of Object.entries(rows)) {
    const having = [...found].filter(([, numbers]) => numbers.has(Number(number))).map(([file]) => file)
    t.strictSame(having.sort(), [...files].sort(), `attack ${number}: ${what}`)
  }
  for (const [file, numbers] of found)
    for (const number of numbers) t.ok(rows[number], `${file} has no attack beyond the list: ${number}`)
})
