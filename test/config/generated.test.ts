import { existsSync, readFileSync } from 'node:fs'
import { parse as parseToml } from 'smol-toml'
import t from 'tap'
import { exampleFile } from '../../src/config/example-file.ts'
import { configJsonSchema } from '../../src/config/json-schema.ts'
import { environmentName, splitPath } from '../../src/config/key.ts'
import { DEPRECATED_KEYS } from '../../src/config/schema/deprecated-keys.ts'
import { IGNORED_KEYS, ignoredKeyOf } from '../../src/config/schema/ignored-keys.ts'
import { KEYS, keyOf } from '../../src/config/schema/schema.ts'
import * as errors from '../../src/errors/config.ts'
import { generatedFiles } from './generated-files.ts'
import { load } from './load.ts'

t.test('the committed files are what the schema makes', (t) => {
  for (const { url, expected } of generatedFiles()) {
    t.equal(readFileSync(url, 'utf8'), expected, `${url.pathname}: run node test/config/update-generated.ts`)
  }
  t.end()
})

t.test('every key of the example, uncommented, loads back to the defaults', (t) => {
  const file = exampleFile().replaceAll(/^#(?=[a-z])/gm, '')
  t.strictSame(load({ file }).config, load({}).config)
  t.strictSame(load({ file }).warnings, [])
  const set = load({ file })
    .dump()
    .split('\n')
    .filter((line) => line.endsWith('# file'))
  const shown = exampleFile().match(/^#[a-z][a-z0-9-]* = /gm) ?? []
  t.equal(set.length, shown.length)
  t.end()
})

t.test('every key stands in the example, alone or as an example that loads', (t) => {
  const text = exampleFile()
  let table = ''
  const paths = new Set<string>()
  for (const line of text.split('\n')) {
    const header = /^\[(.+)\]$/.exec(line)
    if (header !== null) table = `${header[1]}.`
    const setting = /^(?:#|# For example: )([a-z][a-z0-9-]*) = (.+)$/.exec(line)
    if (setting === null) continue
    const [, name = '', value = ''] = setting
    paths.add(`${table}${name}`)
    const file = `${table}${name} = ${value}`
    t.doesNotThrow(() => load({ file }), file)
    t.match(load({ file }).dump(), /# file/, file)
  }
  t.strictSame([...paths].sort(), KEYS.map((key) => key.path).sort())
  t.end()
})

t.test('every key can be set through its variable', (t) => {
  for (const key of KEYS) {
    const value = key.optional ? key.type.format(key.example) : defaultIn(load({}).dump(), key.path)
    const parsed: unknown = parseToml(`value = ${value}`).value
    const text = typeof parsed === 'object' ? String(value) : String(parsed)
    const env = { [environmentName(key.path)]: text }
    t.match(load({ env }).dump(), `# env ${environmentName(key.path)}`, key.path)
  }
  t.end()

  function defaultIn(dump: string, path: string): string | undefined {
    const { table, name } = splitPath(path)
    const section = table === '' ? dump : dump.slice(dump.indexOf(`\n[${table}]\n`))
    return section.match(new RegExp(`^${name} = (.*) # default$`, 'm'))?.[1]
  }
})

t.test('the schema is consistent', (t) => {
  const paths = KEYS.map((key) => key.path)
  t.equal(new Set(paths).size, paths.length, 'each key once')
  t.equal(new Set(paths.map(environmentName)).size, paths.length, 'each variable once')
  for (const path of paths) {
    t.match(path, /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)*$/)
    t.equal(ignoredKeyOf(path), undefined, `${path} is not ignored as well`)
  }
  for (const [old, now] of DEPRECATED_KEYS) {
    t.not(keyOf(now), undefined, now)
    t.equal(keyOf(old), undefined, old)
    t.equal(ignoredKeyOf(old), undefined, old)
  }
  t.ok(KEYS.filter((key) => key.flag === true).every((key) => !key.path.includes('.')))
  t.end()
})

t.test('the JSON schema has a place for everything that a file may hold', (t) => {
  const schema = configJsonSchema()
  const patterns = Object.keys(schema.patternProperties ?? {}).map((pattern) => new RegExp(pattern))
  for (const path of [
    ...KEYS.map((key) => key.path),
    ...DEPRECATED_KEYS.keys(),
    ...IGNORED_KEYS.map((k) => k.pattern),
  ]) {
    t.ok(patterns.some((pattern) => pattern.test(path)) || has(schema, path.split('.')), path)
  }
  t.notOk(has(schema, ['bind-prot']))
  t.match(schema.properties['log-format'], { enum: ['pretty', 'compact', 'json'], description: /Default: "pretty"/ })
  t.match(schema.properties.ingress, { type: 'object', additionalProperties: false })
  t.end()

  function has(node: unknown, segments: readonly string[]): boolean {
    const [segment, ...rest] = segments
    if (segment === undefined) return true
    if (typeof node !== 'object' || node === null || !('properties' in node)) return false
    const { properties } = node
    if (typeof properties !== 'object' || properties === null) return false
    return has(Object.entries(properties).find(([name]) => name === segment)?.[1], rest) && segment in properties
  }
})

t.test('the dump tells origins, masks secrets and loads back', (t) => {
  const sources = {
    file: 'bind-ip = "127.0.0.5"\nshutdown-timeout = "90s"\nmax-journal-retention = "7d"\n[admin]\nbind-address = "[::1]:1"',
    env: { RESTATE_CLUSTER_NAME: 'orders', RESTATE_BIND_PORT: '7' },
    argv: ['--log-format', 'json'],
  }
  const loaded = load(sources)
  const dump = loaded.dump()
  const [topLevel = '', ...tables] = dump.split('\n\n')
  for (const line of [
    'bind-ip = "127.0.0.5" # file',
    'shutdown-timeout = "1m 30s" # file',
    'max-journal-retention = "7d" # file',
    'cluster-name = "orders" # env RESTATE_CLUSTER_NAME',
    'bind-port = 7 # env RESTATE_BIND_PORT',
    'log-format = "json" # flag --log-format',
    'default-journal-retention = "1d" # default',
    'unix-socket-mode = "0600" # default',
  ]) {
    t.ok(topLevel.split('\n').includes(line), line)
  }
  const ingress = tables.find((table) => table.startsWith('[ingress]')) ?? ''
  t.match(ingress, 'bind-ip = "127.0.0.5" # file, through bind-ip')
  t.match(
    tables.find((table) => table.startsWith('[admin]')),
    'bind-address = "[::1]:1" # file',
  )
  t.notMatch(dump, 'max-idempotency-retention', 'unset keys are left out')
  for (const line of dump.split('\n')) t.match(line, /^$|^\[|# (default|file|env |flag )/)
  t.strictSame(load({ file: dump }).config, loaded.config)

  const secret = load({ env: { RESTATE_WORKER__INVOKER__ADDITIONAL_REQUEST_HEADERS: '{ x-key = "hunter2" }' } }).dump()
  t.notMatch(secret, 'hunter2')
  t.match(secret, 'additional-request-headers = "***" # env RESTATE_WORKER__INVOKER__ADDITIONAL_REQUEST_HEADERS')
  t.throws(
    () => load({ file: secret }),
    { code: 'PERDURE_ERR_CONFIG_INVALID_VALUE' },
    'a mask is not taken for a value',
  )
  t.end()
})

t.test('every error has its page', (t) => {
  for (const error of Object.values(errors)) {
    const { code } = error.definition
    t.ok(existsSync(new URL(`../../docs/errors/${code}.md`, import.meta.url)), code)
  }
  t.end()
})
