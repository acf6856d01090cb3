import t from 'tap'
import { load, messageOf } from './load.ts'

t.test('a wrong value is refused with its key, place, value and what is allowed', (t) => {
  const cases: readonly (readonly [sources: Parameters<typeof load>[0], message: RegExp])[] = [
    [
      { file: 'log-format = "xml"' },
      /^log-format = "xml" \(restate\.toml:1\): .*one of "pretty", "compact", "json"\.$/,
    ],
    [
      { file: '[admin]\n\nbind-port = 65536' },
      /^admin\.bind-port = 65536 \(restate\.toml:3\): it is out of range.*0 to 65535/,
    ],
    [{ file: 'bind-port = 1.5' }, /not a whole number/],
    [
      { env: { RESTATE_BIND_PORT: 'x' } },
      /^bind-port = "x" \(environment variable RESTATE_BIND_PORT\): it is not a whole number/,
    ],
    [
      { argv: ['--bind-ip', 'localhost'] },
      /^bind-ip = "localhost" \(flag --bind-ip\): it is not an IP address.*"127\.0\.0\.1"/,
    ],
    [{ file: 'shutdown-timeout = "10"' }, /unit is missing/],
    [{ file: 'shutdown-timeout = 10' }, /it is a number; write a string with a unit/],
    [{ file: 'shutdown-timeout = "0s"' }, /it is zero.*more than zero/],
    [{ file: 'shutdown-timeout = 1979-05-27' }, /it is a date/],
    [{ file: 'default-journal-retention = "1 month"' }, /units of days or smaller/],
    [{ file: 'log-disable-ansi-codes = "yes"' }, /neither true nor false/],
    [{ env: { RESTATE_LOG_DISABLE_ANSI_CODES: '1' } }, /true or false/],
    [{ file: 'cluster-name = ""' }, /it is empty/],
    [{ file: 'cluster-name = 5' }, /it is a number, not a string/],
    [{ file: 'cluster-name = "a\\nb"' }, /visible ASCII/],
    [{ file: 'node-name = "../x"' }, /cannot be the name of a directory/],
    [{ file: 'node-name = "a/b"' }, /cannot be the name of a directory/],
    [{ file: 'ingress = 8080' }, /^ingress \(restate\.toml:1\) is a table/],
    [{ file: '[bind-port]\nx = 1' }, /bind-port = .*not a whole number/],
    [{ file: '[admin]\nbind-address = "localhost:9070"' }, /localhost is not an IP address/],
    [{ file: '[admin]\nbind-address = "127.0.0.1:99999"' }, /above 65535/],
    [{ file: '[admin]\nbind-address = "::1:99999"' }, /bind-address/],
    [{ file: '[admin]\nunix-socket-mode = 600' }, /octal/],
    [{ file: '[admin]\nunix-socket-mode = "0400"' }, /owner must keep read and write/],
    [{ file: '[admin]\nunix-socket-mode = "07777"' }, /octal/],
    [{ file: '[admin]\nallowed-hosts = ["*"]' }, /"\*": it is not a host name/],
    [{ file: '[admin]\nallowed-hosts = "a:1"' }, /it is not a host name/],
    [{ file: '[ingress]\nheader-allow-list = ["x-restate-foo"]' }, /server’s own/],
    [{ file: '[ingress]\nheader-allow-list = ["x-restate-*"]' }, /server’s own/],
    [{ file: '[ingress]\nheader-allow-list = ["Connection"]' }, /belongs to the connection/],
    [{ file: '[ingress]\nheader-allow-list = ["a*b"]' }, /may only stand at the end/],
    [{ file: '[ingress]\nheader-allow-list = ["a b"]' }, /not a header name/],
    [{ file: '[ingress]\nheader-allow-list = [1]' }, /an item is a number/],
    [{ file: '[ingress]\nheader-allow-list = 1' }, /not a list/],
    [{ file: '[ingress.cors]\nallowed-origins = ["https://a.example/"]' }, /not an origin/],
    [{ file: '[ingress.cors]\nallowed-origins = ["null"]' }, /not an origin/],
    [{ file: '[default-retry-policy]\nmax-attempts = 0' }, /at least 1, or "unlimited"/],
    [{ file: '[default-retry-policy]\nexponentiation-factor = 0.5' }, /out of range/],
    [{ file: '[default-retry-policy]\nexponentiation-factor = nan' }, /not a number/],
    [{ file: '[networking]\nmessage-size-limit = "1 XB"' }, /"XB" is not a unit of size/],
    [{ file: '[log]\nsegment-size = 1' }, /out of range.*at least 1\.0 KiB/],
    [{ file: '[worker.invoker]\nhttp2-initial-stream-window-size = 1000' }, /at least 65535 B, at most 2147483647 B/],
    [{ file: '[tls]\nmode = "require"' }, /tls\.mode = "require".*It takes "off"/],
    [{ file: 'advertised-address = "n1:5122"' }, /not such a URL/],
  ]
  for (const [sources, message] of cases) {
    t.throws(() => load(sources), { code: 'PERDURE_ERR_CONFIG_INVALID_VALUE', message }, JSON.stringify(sources))
  }
  t.end()
})

t.test('secrets stay out of errors', (t) => {
  const cases: readonly Parameters<typeof load>[0][] = [
    { file: '[worker.invoker.additional-request-headers]\nauthorization = "hunter2 ü"' },
    { file: '[worker.invoker]\nadditional-request-headers = "hunter2"' },
    { env: { RESTATE_WORKER__INVOKER__ADDITIONAL_REQUEST_HEADERS: '{ "no header" = "hunter2" }' } },
    { file: 'advertised-address = "http://me:hunter2@n1:5122/"' },
    {
      env: {
        RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE: '-----BEGIN PRIVATE KEY-----\nhunter2\n',
      },
    },
    { file: 'cluster-name = "c"\npassword = "hunter2' },
    { file: 'cluster-name = "hunter2' },
  ]
  for (const sources of cases) {
    const message = messageOf(() => load(sources))
    t.notMatch(message, 'hunter2', message)
  }
  t.end()
})

t.test('a file that is not TOML', (t) => {
  t.throws(() => load({ file: 'cluster-name = "a"\nlog-format = json\n' }), {
    code: 'PERDURE_ERR_CONFIG_FILE_SYNTAX',
    message: /^\/etc\/restate\.toml:2:\d+: /,
  })
  t.throws(() => load({ file: 'a = 1\na = 2' }), { code: 'PERDURE_ERR_CONFIG_FILE_SYNTAX' })
  t.throws(() => load({ file: '#'.repeat(1024 * 1024 + 1) }), { code: 'PERDURE_ERR_CONFIG_FILE_UNREADABLE' })
  t.end()
})
