// What this package brings to a machine that installs it, as the table in docs/dependencies.md: `npm run dependency-report`.
// Asks the registry when each version came out.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runtimeDependencies } from './runtime-dependencies.ts'

const page = join(import.meta.dirname, '../../docs/dependencies.md')
const rows = runtimeDependencies().map(({ name, version, brings, kib, installScripts, licence }) => {
  const times: Readonly<Record<string, string>> = JSON.parse(
    execFileSync('npm', ['view', name, 'time', '--json'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  )
  const released = times[version]?.slice(0, 10) ?? 'unknown'
  return `| ${name} | ${version} | ${released} | ${brings} | ${kib} | ${installScripts} | ${licence} |`
})
process.stdout.write(
  [
    '| package | version | released | packages with it | KiB with them | install scripts | licence |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n'),
)
if (!readFileSync(page, 'utf8').includes(rows.join('\n'))) {
  process.stderr.write('docs/dependencies.md has another table\n')
  process.exitCode = 1
}
