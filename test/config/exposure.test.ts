import { join } from 'node:path'
import t from 'tap'
import { isLoopbackAddress } from '../../src/config/address-types.ts'
import { refuseExposedAddresses, refuseExposure } from '../../src/config/exposure.ts'
import { loosenings } from '../../src/config/loosenings.ts'
import { ConfigExposed } from '../../src/errors/config.ts'
import { startServerProcess } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { load, messageOf } from './load.ts'

const token = `admin sha256:${'0'.repeat(64)}`

t.test('which addresses are of this machine', (t) => {
  for (const ip of ['127.0.0.1', '127.9.9.9', '::1', '0:0:0:0:0:0:0:1', '::1%lo', '::ffff:127.0.0.1']) {
    t.ok(isLoopbackAddress(ip), ip)
  }
  for (const ip of ['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', 'fe80::1%eth0', '::ffff:10.0.0.1', '::127.0.0.1', '']) {
    t.notOk(isLoopbackAddress(ip), ip)
  }
  t.end()
})

t.test('what starts', (t) => {
  for (const file of [
    '',
    'bind-ip = "0.0.0.0"\nlisten-mode = "unix"',
    '[ingress]\nbind-ip = "0.0.0.0"',
    `[admin]\nbind-ip = "0.0.0.0"\n[admin.tokens]\nci = "${token}"`,
    '[admin]\nbind-ip = "::"\ntokens-file = "tokens"',
    '[admin]\nbind-ip = "::"\nallow-unauthenticated = true',
    'bind-ip = "10.0.0.1"\nfabric-allow-unauthenticated = true\n[admin]\nallow-unauthenticated = true',
  ]) {
    t.doesNotThrow(() => refuseExposure(load({ file }).config), file)
  }
  t.end()
})

t.test('what does not start, and what the error says', (t) => {
  for (const [file, ...patterns] of [
    [
      'bind-ip = "0.0.0.0"',
      /^admin would listen on 0\.0\.0\.0/,
      /admin\.bind-ip = "127\.0\.0\.1", or admin\.listen-mode = "unix"/,
      /admin\.tokens or admin\.tokens-file/,
      /admin\.allow-unauthenticated = true \(RESTATE_ADMIN__ALLOW_UNAUTHENTICATED=true\)/,
      /\nfabric would listen on 0\.0\.0\.0.*fabric-allow-unauthenticated = true/,
    ],
    ['[admin]\nbind-address = "[::]:9070"', /^admin would listen on ::,[^\n]*$/],
    ['[admin]\nbind-ip = "10.0.0.1"\nlisten-mode = "tcp"\nunix-socket-role = "read-only"', /^admin would/],
    // Each has its own key, and tokens are admin's alone.
    ['bind-ip = "10.0.0.1"\nfabric-allow-unauthenticated = true', /^admin would listen[^\n]*$/],
    [`bind-ip = "10.0.0.1"\n[admin.tokens]\nci = "${token}"`, /^fabric would listen[^\n]*$/],
  ] as const) {
    const { config } = load({ file })
    t.throws(() => refuseExposure(config), { code: ConfigExposed.definition.code })
    for (const pattern of patterns)
      t.match(
        messageOf(() => refuseExposure(config)),
        pattern,
        file,
      )
  }
  t.end()
})

t.test('addresses that somebody else has bound', (t) => {
  const { config } = load({})
  t.doesNotThrow(() => refuseExposedAddresses(config, 'admin', ['127.0.0.1']))
  t.doesNotThrow(() => refuseExposedAddresses(config, 'admin', []))
  t.throws(() => refuseExposedAddresses(config, 'admin', ['::1', '10.0.0.1']), { message: /admin would listen on 10/ })
  const { config: open } = load({ file: '[admin]\nallow-unauthenticated = true' })
  t.doesNotThrow(() => refuseExposedAddresses(open, 'admin', ['10.0.0.1']))
  t.throws(() => refuseExposedAddresses(open, 'fabric', ['10.0.0.1']), { message: /^fabric would/ })
  t.end()
})

t.test('it is told at start', (t) => {
  for (const [file, ...patterns] of [
    [
      '[admin]\nbind-ip = "::"\nallow-unauthenticated = true',
      /admin listens on ::, beyond this machine; whoever reaches it controls the server/,
      /^admin\.allow-unauthenticated .*asks nobody/,
    ],
    ['fabric-allow-unauthenticated = true', /^fabric-allow-unauthenticated \(RESTATE_FABRIC_ALLOW_UNAUTHENTICATED\)/],
    [`[admin]\nbind-ip = "::"\ntokens-file = "t"`, /beyond this machine; tokens cross the network/],
  ] as const) {
    const lines = loosenings(load({ file }).config)
    t.equal(lines.length, patterns.length, lines.join('\n'))
    for (const [index, pattern] of patterns.entries()) t.match(lines[index], pattern)
  }
  t.end()
})

t.test('a server that would be open to others ends before it listens', async (t) => {
  const directory = join(shortDirectory(t), 'data')
  await t.rejects(startServerProcess(directory, { RESTATE_ADMIN__BIND_IP: '0.0.0.0' }), {
    message: /PERDURE_ERR_CONFIG_EXPOSED/,
  })
})
