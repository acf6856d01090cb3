import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runtimeDependencies } from './runtime-dependencies.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/dependencies.md'), 'utf8')
const dependencies = runtimeDependencies()

t.test('nothing that is installed with this package runs a script', async (t) => {
  for (const { name, installScripts } of dependencies) t.equal(installScripts, 0, name)
})

t.test('docs/dependencies.md reports what there is', async (t) => {
  for (const { name, version, brings, kib, installScripts, licence } of dependencies) {
    const [line = ''] = page.split('\n').filter((text) => text.startsWith(`| ${name} | ${version} |`))
    const cells = line.split('|').map((cell) => cell.trim())
    t.match(cells[3], /^\d{4}-\d\d-\d\d$/, `${name}: a date; npm run dependency-report prints the table`)
    t.strictSame([cells[4], cells[6], cells[7]], [String(brings), String(installScripts), licence], name)
    // Sizes differ a little between file systems' ways of unpacking.
    t.ok(Math.abs(Number(cells[5]) - kib) <= kib / 20, `${name}: ${cells[5]} KiB, and found ${kib}`)
    t.match(page, `| ${name} | `, `${name} has its reason on the page`)
  }
})
