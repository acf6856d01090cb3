// Preloaded into a server: writes what it has loaded to the file that PERDURE_TEST_LOADED names, when it ends.
import { writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

const loaded = []
registerHooks({
  load(url, context, next) {
    loaded.push(url)
    return next(url, context)
  },
})
process.on('exit', () => {
  writeFileSync(process.env.PERDURE_TEST_LOADED, JSON.stringify({ loaded, builtins: process.moduleLoadList }))
})
