import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writePlainCopy } from './plain-copy.ts'

// The tests with another Node than the one of the checkout: `node test/other-node/run.ts /path/to/node [options of tap, files]`.
const [, , node, ...args] = process.argv
if (node === undefined) throw new Error('name the executable of a Node: node test/other-node/run.ts /path/to/node')
const directory = mkdtempSync(join(tmpdir(), 'perdure-other-node-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
const copy = join(directory, 'perdure')
writePlainCopy(copy)
const tap = join(copy, 'node_modules/.bin/tap')
for (const words of [['build'], args]) {
  const child = spawn(node, [tap, ...words], {
    cwd: copy,
    // Programs that tests start by name are of this Node too.
    env: { ...process.env, PATH: `${join(node, '..')}:${process.env.PATH}` },
    stdio: 'inherit',
  })
  const [code] = await once(child, 'exit')
  process.exitCode = code ?? 1
  if (process.exitCode !== 0) break
}
