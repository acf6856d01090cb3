#!/usr/bin/env -S node --max-semi-space-size=8
import module from 'node:module'

// Nothing else is imported before the version is checked: on an old Node the imports themselves would fail, and unclearly.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`perdure needs Node.js 22.19 or newer; this is ${process.versions.node}.\n`)
  process.exit(1)
}
// Halves the time to start. In the package's own directory, because code must not come from where others can write;
// where that is read-only, there is no cache.
module.enableCompileCache(new URL('../node_modules/.cache/perdure', import.meta.url).pathname)
const { runCommand } = await import('./run-command.ts')
await runCommand(process.argv.slice(2))
module.flushCompileCache()
