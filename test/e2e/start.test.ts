import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { end, startNode } from '../../examples/processes.ts'
import { shortDirectory } from '../harness/short-directory.ts'

t.test('a start loads nothing that only some servers need', async (t) => {
  const directory = shortDirectory(t)
  const file = join(directory, 'loaded.json')
  const root = join(import.meta.dirname, '../..')
  const { process } = await startNode(
    ['--import', join(import.meta.dirname, 'loaded-modules.mjs'), join(root, 'src/main.ts')],
    { PERDURE_TEST_LOADED: file, RESTATE_BASE_DIR: directory, RESTATE_USE_RANDOM_PORTS: 'true' },
    [/admin +http:/],
  )
  await end(process)
  const { loaded, builtins }: { loaded: string[]; builtins: string[] } = JSON.parse(readFileSync(file, 'utf8'))
  t.ok(
    loaded.some((url) => url.endsWith('/src/assembly.ts')),
    'it knows what was loaded',
  )
  const lazy = [
    ...['ajv', '@fastify/ajv-compiler', 'google-auth-library', 'undici', 'jose', 'apache-arrow', '@fastify/http-proxy'],
    '@guanmingchiu/sqlparser-ts',
  ]
  for (const name of lazy) {
    const found = loaded.filter((url) => url.includes(`/node_modules/${name}/`) && /\.[cm]?js$/.test(url))
    t.strictSame(found, [], name)
  }
  for (const room of ['openapi/admin', 'commands/doctor', 'query/translate']) {
    t.notOk(
      loaded.some((url) => url.includes(`/src/${room}`)),
      `src/${room}`,
    )
  }
  t.notOk(builtins.includes('NativeModule internal/deps/undici/undici'), 'fetch')
})
