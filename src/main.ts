#!/usr/bin/env -S node --max-semi-space-size=8
import module from 'node:module'
import v8 from 'node:v8'

// Nothing else is imported before the version is checked: on an old Node the imports themselves would fail, and unclearly.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`perdure needs Node.js 22.19 or newer; this is ${process.versions.node}.\n`)
  process.exit(1)
}
// The SQLite of Node 22 says at every start that it is experimental, which nobody who runs this can do anything about.
process.emitWarning = new Proxy(process.emitWarning, {
  apply(emit, self, words: Parameters<typeof process.emitWarning>) {
    if (!String(words[0]).startsWith('SQLite is an experimental feature')) Reflect.apply(emit, self, words)
  },
})
// Halves the time to start. In the package's own directory, because code must not come from where others can write;
// where that is read-only, there is no cache.
module.enableCompileCache(new URL('../node_modules/.cache/perdure', import.meta.url).pathname)
const { runCommand } = await import('./run-command.ts')
await runCommand(process.argv.slice(2))
module.flushCompileCache()
// Memory. V8 reads both flags whenever they matter, so that they can be set here, for every way to start. Not before the
// start is over: what was compiled with other flags, as Node's own modules are, is compiled again (20 ms, measured).
// A V8 that does not know a flag says so on stderr and goes on.
//
// Calls leave garbage that outlives the young generation, beside less than 20 MiB that stays. Without the first flag the old
// generation grows to three times what is alive before V8 collects; with it, to twice.
v8.setFlagsFromString('--heap-growing-percent=100')
// What compiling a function took is returned at once. In the background it would wait for a free core while the next
// functions are compiled: 16 to 40 MiB on a busy machine, much of which malloc keeps.
v8.setFlagsFromString('--no-maglev-destroy-on-background')
