import t from 'tap'
import { load, messageOf } from './load.ts'

t.test('unknown names stop the start and name the nearest known one', (t) => {
  const cases: readonly (readonly [sources: Parameters<typeof load>[0], message: RegExp])[] = [
    [{ file: '\nbind-prot = 1' }, /^unknown key bind-prot \(restate\.toml:2\); did you mean bind-port\?$/],
    [
      { file: '[ingress]\nbind-prot = 1' },
      /unknown key ingress\.bind-prot \(restate\.toml:2\); did you mean ingress\.bind-port\?/,
    ],
    [{ file: '[ingres]\nbind-port = 1' }, /unknown table ingres \(restate\.toml:1\); did you mean ingress\?/],
    [{ file: 'ingress-bind-port = 1' }, /did you mean ingress\.bind-port\?/],
    [
      { file: '[worker]\nabort-timeout = "1m"' },
      /unknown key worker\.abort-timeout .*did you mean worker\.invoker\.abort-timeout\?/,
    ],
    [
      { file: 'worker.invoker.abort-timeouts = "1m"' },
      /restate\.toml:1\); did you mean worker\.invoker\.abort-timeout\?/,
    ],
    [{ file: 'frobnicate = 1' }, /^unknown key frobnicate \(restate\.toml:1\)$/],
    [
      { env: { RESTATE_INGRESS_BIND_PORT: '1' } },
      /^unknown environment variable RESTATE_INGRESS_BIND_PORT; did you mean RESTATE_INGRESS__BIND_PORT\?$/,
    ],
    [{ env: { RESTATE_DEFAULT_JOURNAL_RETENTON: '1d' } }, /did you mean RESTATE_DEFAULT_JOURNAL_RETENTION\?/],
    [{ env: { RESTATE_CONFIG_FILE: 'x' } }, /did you mean RESTATE_CONFIG\?/],
    [{ argv: ['--bind-prot', '1'] }, /^unknown flag --bind-prot; did you mean --bind-port\?/],
    [{ argv: ['--wipe'] }, /^unknown flag --wipe/],
  ]
  for (const [sources, message] of cases) {
    t.throws(() => load(sources), { code: 'PERDURE_ERR_CONFIG_UNKNOWN_KEY', message }, JSON.stringify(sources))
  }
  t.end()
})

t.test('incomplete command lines', (t) => {
  for (const argv of [['--bind-port'], ['--bind-port='], ['-c'], ['--config-file', '--dump-config'], ['start']]) {
    t.throws(() => load({ argv }), { code: 'PERDURE_ERR_CONFIG_COMMAND_LINE' }, argv.join(' '))
  }
  t.end()
})

t.test('known keys of restate-server without meaning here load with one warning each', (t) => {
  const file = `
roles = ["worker"]
auto-provision = false
default-num-partitions = 4
default-replication = 2
tracing-endpoint = "http://127.0.0.1:4317"
rocksdb-total-memory-size = "1 GiB"
experimental-enable-vqueues = false
experimental-enable-protocol-v7 = true
gossip-tick-interval = "100ms"
[metadata-client]
addresses = ["http://127.0.0.1:5122/"]
[bifrost]
default-provider = "replicated"
[bifrost.replicated-loglet]
maximum-inflight-records = 1
[worker.snapshots]
destination = "s3://bucket"
[admin.query-engine]
memory-size = "1 GiB"
[[ingress.kafka-clusters]]
name = "k"
`
  const { warnings } = load({ file, env: { RESTATE_ROLES: '[worker,admin]', HTTP_PROXY: 'http://u:p@127.0.0.1:1' } })
  const names = ['roles', 'auto-provision', 'default-num-partitions', 'default-replication', 'tracing-endpoint']
  names.push(
    'rocksdb-total-memory-size',
    'experimental-enable-vqueues',
    'gossip-tick-interval',
    'metadata-client',
    'bifrost',
    'worker.snapshots',
  )
  names.push('admin.query-engine', 'ingress.kafka-clusters', 'worker.invoker.http-proxy')
  t.equal(warnings.length, names.length)
  for (const name of names) {
    t.equal(warnings.filter((line) => line.includes(`: ${name} (`)).length, 1, name)
  }
  t.match(
    warnings.find((line) => line.includes('roles')),
    /roles \(restate\.toml:2\), roles \(environment variable RESTATE_ROLES\)/,
  )
  t.notMatch(warnings.join('\n'), /u:p/, 'values of ignored keys are not shown')
  t.end()
})

t.test('variables of other programs are passed over', (t) => {
  const env = {
    RESTATE_ADMIN_URL: 'http://127.0.0.1:9070',
    RESTATE_INGRESS_URL: 'http://127.0.0.1:8080',
    RESTATE_AUTH_TOKEN: 'secret',
    RESTATE_HOST: '127.0.0.1',
    RESTATE_ENVIRONMENT: 'local',
    RESTATE_CLI_CONFIG_HOME: '/home/me',
    RESTATE_EDITOR: 'vi',
    RESTATE_LOGGING: 'DEBUG',
    // As Kubernetes sets them for services called restate and restate-admin.
    RESTATE_SERVICE_HOST: '10.0.0.1',
    RESTATE_SERVICE_PORT: '8080',
    RESTATE_SERVICE_PORT_INGRESS: '8080',
    RESTATE_PORT: 'tcp://10.0.0.1:8080',
    RESTATE_PORT_8080_TCP: 'tcp://10.0.0.1:8080',
    RESTATE_PORT_8080_TCP_ADDR: '10.0.0.1',
    RESTATE_ADMIN_PORT: 'tcp://10.0.0.1:9070',
    PATH: '/bin',
    MEMORY_LIMIT: '1GB',
    DO_NOT_TRACK: '1',
  }
  t.strictSame(load({ env }).warnings, [])
  t.strictSame(load({ env }).config, load({}).config)
  t.end()
})

t.test('former names work, warn, and give way to the new name', (t) => {
  const old = load({ env: { RESTATE_CONNECT_TIMEOUT: '3s', RESTATE_REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE: '/k.pem' } })
  t.equal(old.config.worker.invoker.connectTimeoutMs, 3000)
  t.equal(old.config.worker.invoker.requestIdentityPrivateKeyPemFile, '/k.pem')
  t.match(old.warnings, [
    'connect-timeout is deprecated, use worker.invoker.connect-timeout (environment variable RESTATE_CONNECT_TIMEOUT)',
    /request-identity-private-key-pem-file is deprecated/,
  ])
  const keepAlive = load({ file: '[http-keep-alive-options]\ninterval = "7s"\ntimeout = "8s"' }).config.worker.invoker
  t.strictSame([keepAlive.http2KeepAliveIntervalMs, keepAlive.http2KeepAliveTimeoutMs], [7000, 8000])
  const endpoint = load({ file: '[ingress]\nadvertised-ingress-endpoint = "http://a.example/"' }).config.ingress
  t.equal(endpoint.advertisedAddress, 'http://a.example/')

  for (const file of [
    'connect-timeout = "1s"\n[worker.invoker]\nconnect-timeout = "2s"',
    'worker.invoker.connect-timeout = "2s"\nconnect-timeout = "1s"',
  ]) {
    t.equal(load({ file }).config.worker.invoker.connectTimeoutMs, 2000, 'new name wins in the same source')
  }
  const later = load({ file: '[worker.invoker]\nconnect-timeout = "2s"', env: { RESTATE_CONNECT_TIMEOUT: '1s' } })
  t.equal(later.config.worker.invoker.connectTimeoutMs, 1000, 'a later source wins by any name')
  t.end()
})

t.test('all problems are told at once', (t) => {
  const message = messageOf(() =>
    load({ file: 'bind-prot = 1\nbind-port = 70000', env: { RESTATE_LOG_FORMAT: 'xml', RESTATE_NO: 'x' } }),
  )
  t.match(message, /4 problems/)
  for (const name of ['bind-prot', 'bind-port = 70000', 'RESTATE_LOG_FORMAT', 'RESTATE_NO']) t.match(message, name)
  t.end()
})
