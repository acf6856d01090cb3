import t from 'tap'
import { isSensitiveHeader } from '../../src/config/header-names.ts'
import { loosenings } from '../../src/config/loosenings.ts'
import { load } from './load.ts'

t.test('defaults are no loosening, and neither is what is stricter', (t) => {
  for (const file of [
    '',
    'bind-ip = "127.0.0.2"',
    'bind-ip = "::1"',
    'bind-ip = "::ffff:127.0.0.1"',
    'bind-ip = "0.0.0.0"\nlisten-mode = "unix"',
    'listen-mode = "tcp"\nunix-socket-mode = "0666"',
    '[ingress]\nbind-ip = "0.0.0.0"',
    '[ingress]\nheader-allow-list = ["content-type", "x-tenant-*"]',
  ]) {
    t.strictSame(loosenings(load({ file }).config), [], file)
  }
  t.end()
})

t.test('each loosening is named', (t) => {
  const cases: readonly (readonly [toml: string, lines: readonly RegExp[]])[] = [
    [
      'bind-ip = "0.0.0.0"',
      [/^admin\.bind-ip \(RESTATE_ADMIN__BIND_IP\): admin listens on 0\.0\.0\.0/, /^bind-ip .*fabric/],
    ],
    ['[admin]\nbind-ip = "::"', [/^admin\.bind-ip/]],
    ['[admin]\nbind-ip = "::ffff:10.0.0.1"', [/^admin\.bind-ip/]],
    ['[admin]\nbind-address = "10.0.0.1:9070"', [/admin listens on 10\.0\.0\.1/]],
    ['unix-socket-mode = "0660"', [/^unix-socket-mode .* = "0660": the group .* fabric/]],
    ['[ingress]\nunix-socket-mode = "0666"', [/^ingress\.unix-socket-mode .*every user of this machine/]],
    ['[admin]\nallowed-hosts = ["restate.internal"]', [/^admin\.allowed-hosts: .*restate\.internal/]],
    ['[ingress]\nheader-policy = "restate-compatible"', [/^ingress\.header-policy/]],
    [
      '[ingress]\nheader-allow-list = ["authorization"]',
      [/^ingress\.header-allow-list: authorization may carry credentials/],
    ],
    ['[ingress]\nheader-allow-list-extra = ["X-Api-Key", "x-a"]', [/^ingress\.header-allow-list-extra: x-api-key may/]],
    ['[ingress]\nheader-allow-list = ["*"]', [/^ingress\.header-allow-list has "\*"/]],
    ['[ingress]\njournal-query-string = true', [/^ingress\.journal-query-string/]],
    [
      '[ingress.cors]\nallowed-origins = ["https://a.example"]',
      [/^ingress\.cors\.allowed-origins: pages of https:\/\/a\.example/],
    ],
    [
      'compatibility = "restate"',
      [/^compatibility/, /^ingress\.header-policy/, /^ingress\.journal-query-string/, /pages of every origin/],
    ],
  ]
  for (const [file, expected] of cases) {
    const lines = loosenings(load({ file }).config)
    t.equal(lines.length, expected.length, `${file}: ${lines.join('\n')}`)
    for (const [index, pattern] of expected.entries()) t.match(lines[index], pattern, file)
  }
  t.end()
})

t.test('which header names are sensitive', (t) => {
  const sensitive = [
    'authorization',
    'cookie',
    'forwarded',
    'x-api-key',
    'x_api_key',
    'apikey',
    'x-auth-request-email',
    'x-forwarded-access-token',
    'x-goog-iap-jwt-assertion',
    'cf-access-jwt-assertion',
    'x-amzn-oidc-data',
    'x-forwarded-client-cert',
    'ssl-client-verify',
    'x-csrf-token',
    'x-session',
  ]
  const plain = [
    'x-author',
    'x-tokenizer-model',
    'stripe-signature',
    'x-hub-signature-256',
    'traceparent',
    'x-tenant-id',
  ]
  for (const name of sensitive) t.ok(isSensitiveHeader(name), name)
  for (const name of plain) t.notOk(isSensitiveHeader(name), name)
  t.end()
})
