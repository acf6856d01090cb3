import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { loadConfig } from '../../src/config/load-config.ts'
import { PerdureError } from '../../src/errors/perdure-error.ts'
import { mutated, outcomeOf, target } from './target.ts'

/** Every key there is, set to its example. */
const lines = readFileSync(join(import.meta.dirname, '../../restate.toml.example'), 'utf8')
  .split('\n')
  .map((line) => line.replace(/^#\s?(?=[\w[])/, ''))
  .filter((line) => /^(\[|[\w-]+ *=)/.test(line))

const oddValue = fc.oneof(
  fc.constantFrom('0', '-1', '1e400', '"', '[]', '{}', 'true', '"1 day"', '"P1D"', '"99999999999h"', '1979-05-27'),
  fc.constantFrom('""', '"unix:/tmp/x"', '"[::1]:80"', '["*"]', '["a", 1]', '{ a = { b = 1 } }', '0x10', 'inf', 'nan'),
  fc.string({ maxLength: 30 }).map((text) => JSON.stringify(text)),
  fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
)
const line = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...lines) },
  fc.tuple(fc.constantFrom(...lines), oddValue).map(([text, value]) => text.replace(/=.*/, `= ${value}`)),
  fc.string({ maxLength: 40 }),
)
const files = fc.array(line, { maxLength: 40 }).map((chosen) => Buffer.from(chosen.join('\n')))

/** A configuration or a clear error, and what is shown of it is the configuration again. */
export const configurationFile = target('configuration-file', fc.oneof(files, mutated(files)), (file) => {
  const loaded = load(file.toString('utf8'))
  if (loaded instanceof PerdureError || loaded.action !== 'run') return
  const shown = loaded.dump()
  const again = load(shown)
  if (again instanceof PerdureError && !shown.includes('***')) {
    throw new Error(`the dump of a configuration is none: ${again.message}`)
  }
})

function load(text: string) {
  return outcomeOf(() =>
    loadConfig({ argv: [], env: { RESTATE_CONFIG: 'fuzz.toml' }, cwd: '/', readFile: () => text, hostName: 'fuzz' }),
  )
}
