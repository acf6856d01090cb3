import { createRequire } from 'node:module'

let loaded: typeof import('undici') | undefined

/** undici, loaded when the first HTTP/1.1 deployment is called: most servers have none, and start the faster for it. */
export function undici(): typeof import('undici') {
  loaded ??= createRequire(import.meta.url)('undici') as typeof import('undici')
  return loaded
}
