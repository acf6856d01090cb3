import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { apiKeyCommand } from '../../src/commands/api-key.ts'
import { headersCommand } from '../../src/commands/headers.ts'
import { ConfigCommandLine } from '../../src/errors/config.ts'
import { IngressBadHeaderPattern } from '../../src/errors/ingress.ts'
import { ApiKeys } from '../../src/ingress/auth/api-keys.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { shortDirectory } from '../harness/short-directory.ts'

async function explain(headers: readonly string[], argv: readonly string[] = []): Promise<string> {
  let written = ''
  const write = (text: string) => {
    written += text
  }
  await headersCommand([...headers.flatMap((header) => ['--explain', header]), ...argv], { env: {}, cwd: '/', write })
  return written
}

t.test('says what becomes of a header, and why, and never shows its value', async (t) => {
  const file = join(shortDirectory(t), 'restate.toml')
  writeFileSync(
    file,
    `[ingress]
header-allow-list-extra = ["X-Tenant-*", "cookie"]
[ingress.auth]
subject-header = "x-caller-id"
[ingress.auth.api-keys]
web = "sha256:${'0'.repeat(64)}"
`,
  )
  const cases: readonly (readonly [header: string, byDefault: string, configured: string])[] = [
    ['Content-Type: hunter2', 'kept (explicit)', 'kept (explicit)'],
    ['X-Tenant-Id:hunter2', 'dropped (unlisted)', 'kept (wildcard)'],
    ['x-tenant-token: hunter2', 'dropped (sensitive)', 'dropped (sensitive)'],
    ['Cookie: hunter2', 'dropped (sensitive)', 'kept (explicit)'],
    ['authorization: Bearer hunter2', 'dropped (sensitive)', 'dropped (credential)'],
    ['Host: hunter2', 'dropped (transport)', 'dropped (transport)'],
    ['X-Restate-Id: hunter2', 'dropped (reserved)', 'dropped (reserved)'],
    ['x-caller-id', 'dropped (unlisted)', 'dropped (reserved)'],
  ]
  for (const [header, byDefault, configured] of cases) {
    const name = header.split(':')[0]?.toLowerCase()
    for (const [expected, argv] of [
      [byDefault, []],
      [configured, ['--config-file', file]],
    ] as const) {
      const text = await explain([header], argv)
      t.ok(text.startsWith(`${name}: ${expected}\n  `), text)
      t.notMatch(text, /hunter2/i)
    }
  }
  t.match(await explain(['x-a: 1']), /PATCH \/services\/\{service\} \{"header_allow_list": \["x-a"\]\}/)
  t.match(await explain(['accept: caf\u00e9']), /refused with 400/)
  t.match(await explain(['cookie: 1'], ['-c', file]), /the journal keeps it/)
  t.match(await explain(['idempotency-key: caf\u00e9']), /dropped \(transport\)[\s\S]*refused with 400/)
  t.notMatch(await explain(['idempotency-key: a', 'cookie: caf\u00e9', 'x-restate-limit-key:']), /refused with 400/)
  t.match(await explain(['x-restate-limit-key: hunter2']), /dropped \(reserved\)[\s\S]*refused with 400/)
  t.equal((await explain(['accept: 1', 'cookie: 2'])).match(/^\S/gm)?.length, 2)
  t.match(await explain([], ['--help']), /^Usage: perdure headers/)
})

t.test('a configuration that the server would not start with explains nothing', async (t) => {
  const file = join(shortDirectory(t), 'restate.toml')
  writeFileSync(
    file,
    `[ingress]\nheader-allow-list-extra = ["Authorization"]\n[ingress.auth.api-keys]\nweb = "sha256:${'0'.repeat(64)}"\n`,
  )
  await t.rejects(explain(['cookie: 1'], ['-c', file]), IngressBadHeaderPattern)
})

t.test('arguments that cannot be understood are refused, and not repeated', async (t) => {
  for (const argv of [
    [],
    ['hunter2'],
    ['--hunter2'],
    ['--explain'],
    ['--explain', 'hun ter2: x'],
    ['--explain', ': hunter2'],
  ]) {
    const error = await t.rejects(explain([], argv), ConfigCommandLine)
    t.notMatch(String(error), /hunter2|ter2/, argv.join(' '))
  }
})

t.test('an API key that is made is one that is accepted', async (t) => {
  let written = ''
  apiKeyCommand(['billing'], (text) => {
    written += text
  })
  const [, key = '', line = ''] = /^key {3}(\S{43})\nline {2}(billing sha256:[0-9a-f]{64})\n$/.exec(written) ?? []
  const file = join(shortDirectory(t), 'keys')
  writeFileSync(file, `${line}\n`)
  const keys = new ApiKeys({ apiKeys: {}, apiKeysFile: file }, { now: Date.now, log: createLogger(logging) })
  t.equal(keys.subjectOf(key), 'billing')
  t.equal(keys.subjectOf(`${key}x`), undefined)
  for (const argv of [[], ['a', 'b'], ['a b'], ['--name']]) {
    t.throws(() => apiKeyCommand(argv, () => t.fail('nothing is written')), ConfigCommandLine)
  }
})

const logging = { logFilter: 'off', logFormat: 'json', logDisableAnsiCodes: true } as const
