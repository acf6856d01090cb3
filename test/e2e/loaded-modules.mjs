// Preloaded into a server: writes what it has loaded to the file that PERDURE_TEST_LOADED names, when it ends.
import { writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

const loaded = []
registerHooks({
  // Not `load`: with a hook of that, Node 22.19 cannot import its own modules.
  resolve(specifier, context, next) {
    const resolved = next(specifier, context)
    loaded.push(resolved.url)
    return resolved
  },
})
process.on('exit', () => {
  writeFileSync(process.env.PERDURE_TEST_LOADED, JSON.stringify({ loaded, builtins: process.moduleLoadList }))
})
