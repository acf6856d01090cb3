import t from 'tap'
import { securityChecks } from '../../src/commands/doctor-security.ts'
import { dataChecks } from '../../src/doctor-security/data-checks.ts'
import { listenerChecks } from '../../src/doctor-security/listener-checks.ts'
import { outboundChecks } from '../../src/doctor-security/outbound-checks.ts'
import type { SecurityFacts, Verdict } from '../../src/doctor-security/security-check.ts'
import { load } from '../config/load.ts'

interface Row {
  readonly check: string
  readonly toml?: string
  /** Files and directories that others can read or change, and why. */
  readonly exposed?: Readonly<Record<string, string>>
  readonly facts?: Partial<SecurityFacts>
  readonly verdict: Verdict
  readonly says: RegExp
}

const hash = `sha256:${'0'.repeat(64)}`
const everywhere = 'bind-ip = "0.0.0.0"'
const tls = 'cert-file = "/c.pem"\nkey-file = "/k.pem"'
const sealed = '[secrets]\nkey-file = "/seal"'
const at = (...uris: string[]): Partial<SecurityFacts> => ({
  deployments: uris.map((uri) => ({ uri, hasAuth: uri.endsWith('.run.app/') })),
})
const identityKey = '[worker.invoker]\nrequest-identity-private-key-pem-file = "/id.pem"\n'
const nextKey = `${identityKey}request-identity-next-private-key-pem-file = "/next.pem"`

const rows: readonly Row[] = [
  { check: 'ingress-authentication', verdict: 'open', says: /asks nobody who calls: set ingress\.auth/ },
  { check: 'ingress-authentication', toml: '[ingress]\nbind-ip = "127.0.0.1"', verdict: 'ok', says: /reverse proxy/ },
  { check: 'ingress-authentication', toml: '[ingress]\nlisten-mode = "unix"', verdict: 'ok', says: /Unix socket/ },
  { check: 'ingress-authentication', toml: `[ingress.auth.api-keys]\na = "${hash}"`, verdict: 'ok', says: /API key/ },
  {
    check: 'ingress-authentication',
    toml: '[ingress.auth.jwt]\nissuer = "https://i.example"\naudiences = ["a"]',
    verdict: 'ok',
    says: /token/,
  },
  {
    check: 'ingress-authentication',
    toml: `[ingress.tls]\n${tls}\nclient-ca-file = "/ca.pem"`,
    verdict: 'ok',
    says: /client certificate/,
  },
  { check: 'ingress-tls', verdict: 'advice', says: /without TLS/ },
  { check: 'ingress-tls', toml: `[ingress.tls]\n${tls}`, verdict: 'ok', says: /encrypted/ },
  { check: 'ingress-tls', toml: '[ingress]\nbind-ip = "::1"', verdict: 'ok', says: /this machine/ },
  { check: 'admin-exposure', verdict: 'ok', says: /this machine alone/ },
  { check: 'admin-exposure', toml: '[admin]\nlisten-mode = "unix"', verdict: 'ok', says: /Unix socket alone/ },
  { check: 'admin-exposure', toml: everywhere, verdict: 'open', says: /controls the server/ },
  {
    check: 'admin-exposure',
    toml: `${everywhere}\n[admin]\ntokens-file = "/tokens"`,
    verdict: 'advice',
    says: /asks who is there/,
  },
  { check: 'admin-tls', toml: everywhere, verdict: 'advice', says: /admin\.tls\.cert-file/ },
  { check: 'admin-tls', verdict: 'ok', says: /this machine/ },
  { check: 'admin-tokens', verdict: 'advice', says: /every user and program/ },
  { check: 'admin-tokens', toml: '[admin]\nlisten-mode = "unix"', verdict: 'ok', says: /socket file/ },
  { check: 'admin-tokens', toml: '[admin]\ntokens-file = "/tokens"', verdict: 'ok', says: /asks for tokens/ },
  {
    check: 'admin-tokens',
    toml: '[admin]\ntokens-file = "/tokens"',
    exposed: { '/tokens': 'mode 0644' },
    verdict: 'open',
    says: /tokens-file: mode 0644/,
  },
  { check: 'fabric-exposure', verdict: 'ok', says: /this machine/ },
  { check: 'fabric-exposure', toml: everywhere, verdict: 'open', says: /metrics/ },
  { check: 'fabric-exposure', toml: `${everywhere}\ndisable-prometheus = true`, verdict: 'ok', says: /health alone/ },
  { check: 'unix-sockets', verdict: 'ok', says: /owner alone/ },
  { check: 'unix-sockets', toml: 'listen-mode = "tcp"', verdict: 'ok', says: /none/ },
  { check: 'unix-sockets', toml: '[admin]\nunix-socket-mode = "0660"', verdict: 'ok', says: /group: admin/ },
  { check: 'unix-sockets', toml: '[admin]\nunix-socket-mode = "0666"', verdict: 'open', says: /socket of admin/ },
  { check: 'unix-sockets', toml: '[ingress]\nunix-socket-mode = "0666"', verdict: 'advice', says: /socket of ingress/ },
  { check: 'tls-keys', verdict: 'ok', says: /none/ },
  { check: 'tls-keys', toml: `[admin.tls]\n${tls}`, verdict: 'ok', says: /only the server/ },
  { check: 'tls-keys', toml: `[admin.tls]\n${tls}`, exposed: { '/k.pem': 'mode 0644' }, verdict: 'open', says: /0644/ },
  { check: 'trusted-keys', verdict: 'ok', says: /none in files/ },
  { check: 'trusted-keys', toml: '[ingress.auth]\napi-keys-file = "/api"', verdict: 'ok', says: /no other user/ },
  ...[
    ['[ingress.auth]\napi-keys-file = "/x"', /ingress\.auth\.api-keys-file: writable/],
    ['[ingress.auth.jwt]\nissuer = "https://i"\naudiences = ["a"]\njwks-file = "/x"', /jwks-file: writable/],
    [`[ingress.tls]\n${tls}\nclient-ca-file = "/x"`, /ingress\.tls\.client-ca-file: writable/],
    [`[admin.tls]\n${tls}\nclient-ca-file = "/x"`, /admin\.tls\.client-ca-file: writable/],
  ].map(
    ([toml, says]): Row => ({
      check: 'trusted-keys',
      toml: String(toml),
      exposed: { '/x': 'writable' },
      verdict: 'open',
      says: new RegExp(says ?? ''),
    }),
  ),
  {
    check: 'unix-sockets',
    toml: '[admin]\nunix-socket-path = "/open/admin.sock"',
    exposed: { '/open': 'every user can replace' },
    verdict: 'open',
    says: /socket of admin could be another program: every user/,
  },
  { check: 'configuration-file', verdict: 'ok', says: /none/ },
  { check: 'configuration-file', facts: { configFile: '/c.toml' }, verdict: 'ok', says: /no other user/ },
  {
    check: 'configuration-file',
    facts: { configFile: '/c.toml' },
    exposed: { '/c.toml': 'mode 0666' },
    verdict: 'open',
    says: /0666/,
  },
  {
    check: 'data-directory',
    toml: 'base-dir = "/data"',
    exposed: { '/data': 'mode 0777' },
    verdict: 'advice',
    says: /base-dir: mode 0777/,
  },
  {
    check: 'sealing-key',
    toml: sealed,
    facts: { missingSealingKeys: ['0123456789abcdef'] },
    verdict: 'open',
    says: /0123456789abcdef, and \/seal does not hold it: the server will not start again/,
  },
  {
    check: 'sealing-key',
    facts: { missingSealingKeys: ['0123456789abcdef'] },
    verdict: 'open',
    says: /secrets\.key-file is not set/,
  },
  { check: 'journaled-headers', verdict: 'ok', says: /only listed/ },
  {
    check: 'journaled-headers',
    toml: '[ingress]\nheader-policy = "restate-compatible"',
    verdict: 'open',
    says: /credentials included/,
  },
  {
    check: 'journaled-headers',
    toml: '[ingress]\nheader-allow-list-extra = ["cookie"]',
    verdict: 'open',
    says: /cookie may carry/,
  },
  { check: 'journaled-headers', toml: '[ingress]\nheader-allow-list = ["*"]', verdict: 'open', says: /"\*"/ },
  { check: 'journaled-query-strings', verdict: 'ok', says: /not journaled/ },
  {
    check: 'journaled-query-strings',
    toml: '[ingress]\njournal-query-string = true',
    verdict: 'open',
    says: /query strings/,
  },
  { check: 'journal-retention', verdict: 'advice', says: /max-journal-retention/ },
  { check: 'journal-retention', toml: 'max-journal-retention = "7d"', verdict: 'ok', says: /never longer than 7d/ },
  { check: 'journal-retention', toml: 'max-journal-retention = "90d"', verdict: 'advice', says: /shorten/ },
  { check: 'data-directory', verdict: 'ok', says: /no other user/ },
  { check: 'data-directory', facts: { dataProblem: 'has mode 0755' }, verdict: 'open', says: /0755/ },
  { check: 'sealing-key', verdict: 'open', says: /secrets\.key-file/ },
  { check: 'sealing-key', toml: sealed, verdict: 'ok', says: /sealed/ },
  { check: 'sealing-key', toml: sealed, exposed: { '/seal': 'mode 0644' }, verdict: 'open', says: /0644/ },
  { check: 'log-filter', verdict: 'ok', says: /info/ },
  { check: 'log-filter', toml: 'log-filter = "warn,restate=trace"', verdict: 'open', says: /log-filter to info/ },
  { check: 'log-filter', toml: 'log-filter = "debug"', verdict: 'advice', says: /debug/ },
  { check: 'egress', verdict: 'advice', says: /egress\.mode = "strict"/ },
  { check: 'egress', toml: '[egress]\nmode = "strict"\nallow = ["10.0.0.0/8"]', verdict: 'ok', says: /the 1 entries/ },
  {
    check: 'egress',
    toml: '[egress]\nmode = "strict"\nallow = ["10.0.0.0/8", "169.254.169.254", "127.0.0.1:9070"]',
    verdict: 'open',
    says: /169\.254\.169\.254.*1 more/,
  },
  { check: 'request-identity', verdict: 'open', says: /perdure identity generate/ },
  { check: 'request-identity', facts: at('https://a.run.app/'), verdict: 'advice', says: /Google ID tokens/ },
  { check: 'request-identity', facts: at('https://a.run.app/', 'https://b/'), verdict: 'open', says: /generate/ },
  { check: 'request-identity', toml: nextKey, verdict: 'ok', says: /signed/ },
  { check: 'request-identity', toml: identityKey, exposed: { '/id.pem': 'gone' }, verdict: 'open', says: /gone/ },
  { check: 'request-identity', toml: nextKey, exposed: { '/next.pem': 'mode 0644' }, verdict: 'open', says: /0644/ },
  {
    check: 'request-identity',
    toml: nextKey,
    exposed: { '/next.pem': 'gone' },
    facts: { exists: () => false },
    verdict: 'ok',
    says: /signed/,
  },
  { check: 'deployments', verdict: 'ok', says: /none/ },
  { check: 'deployments', facts: { deployments: undefined }, verdict: 'advice', says: /cannot be read/ },
  {
    check: 'deployments',
    facts: at('http://localhost:1/', 'http://127.0.0.2/', 'http://[::1]/', 'https://a/'),
    verdict: 'ok',
    says: /none/,
  },
  {
    check: 'deployments',
    facts: at('http://a/', 'https://b/', 'http://10.0.0.1:9080/', 'http://c/', 'http://d/'),
    verdict: 'open',
    says: /^4 of 5 .*http:\/\/a\/, http:\/\/10\.0\.0\.1:9080\/, http:\/\/c\/, …/,
  },
]

for (const { check: name, toml = '', exposed = {}, facts, verdict, says } of rows) {
  const what = [toml.replaceAll('\n', ' '), JSON.stringify(exposed), JSON.stringify(facts ?? {})].join(' ')
  t.test(`${name} is ${verdict}: ${what}`, async (t) => {
    const check = securityChecks.find((each) => each.name === name)
    const found = check?.look({
      config: load({ file: toml }).config,
      configFile: undefined,
      fileProblem: (file) => exposed[file],
      changeProblem: (file) => exposed[file],
      directoryProblem: (directory) => exposed[directory],
      missingSealingKeys: [],
      exists: () => true,
      dataProblem: undefined,
      deployments: [],
      ...facts,
    })
    t.match(found, { verdict, summary: says })
  })
}

t.test('every check has rows for each of its ends', async (t) => {
  t.same(
    securityChecks.map(({ name }) => name),
    [...listenerChecks, ...dataChecks, ...outboundChecks].map(({ name }) => name),
  )
  for (const { name } of securityChecks) {
    const verdicts = new Set(rows.filter(({ check }) => check === name).map(({ verdict }) => verdict))
    t.ok(verdicts.has('ok') && verdicts.size > 1, name)
  }
})
