import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Config, ListenerConfig } from '../../src/config/config.ts'
import { defaultConfig, loadConfig } from '../../src/config/load-config.ts'
import { load } from './load.ts'

t.test('without anything, everything has its default', (t) => {
  const { config, warnings } = load({})
  t.strictSame(warnings, [])
  t.match(config, {
    clusterName: 'localcluster',
    nodeName: 'host-1',
    baseDir: '/srv/restate-data',
    compatibility: 'strict',
    shutdownTimeoutMs: 60_000,
    logFilter: 'warn,restate=info',
    logFormat: 'pretty',
    defaultJournalRetentionMs: 86_400_000,
    maxJournalRetentionMs: undefined,
    defaultRetryPolicy: {
      initialIntervalMs: 500,
      exponentiationFactor: 2,
      maxIntervalMs: 60_000,
      maxAttempts: 70,
      onMaxAttempts: 'pause',
    },
    ingress: {
      listenMode: 'all',
      bindIp: '::',
      bindPort: 8080,
      advertisedAddress: undefined,
      unixSocketPath: '/srv/restate-data/host-1/ingress.sock',
      unixSocketMode: 0o600,
      requestSizeLimitBytes: 33_554_432,
      maxHeaderBytes: 16_384,
      maxHeaderCount: 100,
      headersTimeoutMs: 10_000,
      bodyTimeoutMs: 30_000,
      idleTimeoutMs: 75_000,
      maxConnections: 10_000,
      http2MaxConcurrentStreams: 200,
      concurrentRequestsLimit: undefined,
      headerPolicy: 'allow-list',
      headerAllowListExtra: [],
      journalQueryString: false,
      corsAllowedOrigins: [],
    },
    admin: { bindIp: '127.0.0.1', bindPort: 9070, unixSocketPath: '/srv/restate-data/host-1/admin.sock' },
    fabric: { bindIp: '127.0.0.1', bindPort: 5122, unixSocketPath: '/srv/restate-data/host-1/fabric.sock' },
    worker: {
      cleanupIntervalMs: 3_600_000,
      invoker: {
        inactivityTimeoutMs: 60_000,
        abortTimeoutMs: 600_000,
        messageSizeLimitBytes: 33_554_432,
        messageSizeWarningBytes: 10_485_760,
        concurrentInvocationsLimit: 1000,
        memoryLimitBytes: 1.5 * 2 ** 30,
        perInvocationMemoryLimitBytes: 33_554_432,
        journalLengthLimit: 1_000_000,
        maxAwaitedFutureDepth: 1000,
        eagerStateSizeLimitBytes: 33_554_432,
        enableProtocolV7: false,
        requestIdentityPrivateKeyPemFile: undefined,
      },
    },
    log: { segmentSizeBytes: 67_108_864 },
    store: { checkpointIntervalMs: 200, maxPendingBytes: 67_108_864 },
  })
  t.strictSame(config.worker.invoker.additionalRequestHeaders, { 'x-restate-cluster-name': 'localcluster' })
  t.strictSame(defaultConfig('/srv').worker, config.worker)
  t.end()
})

t.test('flags over environment over file over defaults', (t) => {
  const file = 'bind-ip = "127.0.0.2"\nbind-port = 1002\nlog-format = "json"\n'
  const env = { RESTATE_BIND_IP: '127.0.0.3', RESTATE_BIND_PORT: '1003' }
  const { config } = load({ file, env, argv: ['--bind-ip', '127.0.0.4'] })
  t.equal(config.fabric.bindIp, '127.0.0.4')
  t.equal(config.fabric.bindPort, 1003)
  t.equal(config.logFormat, 'json')
  t.equal(config.clusterName, 'localcluster')
  t.end()
})

t.test('values reach the configuration', (t) => {
  const cases: readonly (readonly [toml: string, pick: (config: Config) => unknown, expected: unknown])[] = [
    ['base-dir = "/data"', (c) => c.baseDir, '/data'],
    ['base-dir = "data"', (c) => c.admin.unixSocketPath, '/srv/data/host-1/admin.sock'],
    ['node-name = "n1"', (c) => c.fabric.unixSocketPath, '/srv/restate-data/n1/fabric.sock'],
    ['cluster-name = "c"', (c) => c.worker.invoker.additionalRequestHeaders, { 'x-restate-cluster-name': 'c' }],
    [
      '[worker.invoker]\nadditional-request-headers = { X-A = "b" }',
      (c) => c.worker.invoker.additionalRequestHeaders,
      { 'x-a': 'b' },
    ],
    [
      '[worker.invoker.additional-request-headers]\nx-a = "b"',
      (c) => c.worker.invoker.additionalRequestHeaders,
      { 'x-a': 'b' },
    ],
    ['default-journal-retention = 0', (c) => c.defaultJournalRetentionMs, 0],
    ['max-journal-retention = "P7D"', (c) => c.maxJournalRetentionMs, 604_800_000],
    ['[default-retry-policy]\nmax-attempts = "unlimited"', (c) => c.defaultRetryPolicy.maxAttempts, undefined],
    ['[default-retry-policy]\nmax-attempts = "infinite"', (c) => c.defaultRetryPolicy.maxAttempts, undefined],
    ['[default-retry-policy]\nmax-attempts = 3', (c) => c.defaultRetryPolicy.maxAttempts, 3],
    ['[ingress]\nunix-socket-mode = "0660"', (c) => c.ingress.unixSocketMode, 0o660],
    ['[ingress]\nunix-socket-mode = 0o660', (c) => c.ingress.unixSocketMode, 0o660],
    ['[ingress]\nconcurrent-api-requests-limit = 5', (c) => c.ingress.concurrentRequestsLimit, 5],
    ['[ingress]\nheader-allow-list = ["X-Tenant-*"]', (c) => c.ingress.headerAllowList, ['x-tenant-*']],
    [
      '[ingress.cors]\nallowed-origins = ["https://a.example"]',
      (c) => c.ingress.corsAllowedOrigins,
      ['https://a.example'],
    ],
    ['[admin]\ndeployment-routing-headers = ["X-Region"]', (c) => c.admin.deploymentRoutingHeaders, ['x-region']],
    [
      '[worker.invoker]\nrequest-identity-private-key-pem-file = "key.pem"',
      (c) => c.worker.invoker.requestIdentityPrivateKeyPemFile,
      '/srv/key.pem',
    ],
    [
      '[worker.invoker]\nrequest-identity-expiration = "1ms"',
      (c) => c.worker.invoker.requestIdentityExpirationMs,
      1000,
    ],
    // A delay past 2^31 - 1 ms makes a Node timer fire at once.
    ['[worker.invoker]\ninactivity-timeout = "365d"', (c) => c.worker.invoker.inactivityTimeoutMs, 2 ** 31 - 1],
    ['default-journal-retention = "365d"', (c) => c.defaultJournalRetentionMs, 365 * 86_400_000],
    ['experimental-enable-protocol-v7 = true', (c) => c.worker.invoker.enableProtocolV7, true],
    ['[worker.invoker]\neager-state-size-limit = 0', (c) => c.worker.invoker.eagerStateSizeLimitBytes, 0],
    ['[worker.invoker]\nmemory-limit = "1 GiB"', (c) => c.worker.invoker.memoryLimitBytes, 2 ** 30],
    ['[worker.invoker]\njournal-length-limit = 10', (c) => c.worker.invoker.journalLengthLimit, 10],
    ['[worker.invoker]\nmax-awaited-future-depth = 3', (c) => c.worker.invoker.maxAwaitedFutureDepth, 3],
    [
      '[worker.invoker]\nper-invocation-memory-limit = "1 MiB"',
      (c) => c.worker.invoker.perInvocationMemoryLimitBytes,
      2 ** 20,
    ],
    ['[log]\nsegment-size = "1MB"', (c) => c.log.segmentSizeBytes, 1_000_000],
    ['[tls]\nmode = "off"', (c) => c.compatibility, 'strict'],
  ]
  for (const [file, pick, expected] of cases) t.strictSame(pick(load({ file }).config), expected, file)
  t.end()
})

t.test('what cascades from the top level, and what does not', (t) => {
  const cases: readonly (readonly [toml: string, pick: (config: Config) => unknown, expected: unknown])[] = [
    ['bind-ip = "10.0.0.1"', all((l) => l.bindIp), ['10.0.0.1', '10.0.0.1', '10.0.0.1']],
    [
      'bind-ip = "10.0.0.1"\n[admin]\nbind-ip = "127.0.0.1"',
      all((l) => l.bindIp),
      ['10.0.0.1', '127.0.0.1', '10.0.0.1'],
    ],
    ['listen-mode = "unix"', all((l) => l.listenMode), ['unix', 'unix', 'unix']],
    ['listen-mode = "unix"\n[ingress]\nlisten-mode = "tcp"', all((l) => l.listenMode), ['unix', 'unix', 'tcp']],
    ['bind-port = 7000', all((l) => l.bindPort), [7000, 9070, 8080]],
    ['use-random-ports = true', all((l) => l.bindPort), [0, 0, 0]],
    ['use-random-ports = true\n[ingress]\nbind-port = 7001', all((l) => l.bindPort), [0, 0, 7001]],
    ['[admin]\nuse-random-ports = true', all((l) => l.bindPort), [5122, 0, 8080]],
    ['unix-socket-mode = "0660"', all((l) => l.unixSocketMode), [0o660, 0o600, 0o600]],
    [
      'advertised-host = "n1.example"',
      all((l) => l.advertisedAddress),
      ['http://n1.example:5122/', 'http://n1.example:9070/', 'http://n1.example:8080/'],
    ],
    ['advertised-host = "::1"', (c) => c.admin.advertisedAddress, 'http://[::1]:9070/'],
    [
      'advertised-host = "n1.example"\n[ingress]\nadvertised-address = "https://api.example"',
      all((l) => l.advertisedAddress),
      ['http://n1.example:5122/', 'http://n1.example:9070/', 'https://api.example'],
    ],
    [
      'advertised-address = "http://n1:5122/"',
      all((l) => l.advertisedAddress),
      ['http://n1:5122/', undefined, undefined],
    ],
    [
      'advertised-host = "n1"\nuse-random-ports = true',
      (c) => [c.admin.advertisedAddress, c.admin.advertisedHost],
      [undefined, 'n1'],
    ],
  ]
  for (const [file, pick, expected] of cases) t.strictSame(pick(load({ file }).config), expected, file)
  t.end()

  function all(pick: (listener: ListenerConfig) => unknown) {
    return (config: Config) => [pick(config.fabric), pick(config.admin), pick(config.ingress)]
  }
})

t.test('bind-address wins over bind-ip and bind-port', (t) => {
  const cases: readonly (readonly [address: string, ip: string, port: number])[] = [
    ['127.0.0.9:7777', '127.0.0.9', 7777],
    ['[::1]:7777', '::1', 7777],
    ['127.0.0.9', '127.0.0.9', 9070],
    ['::1', '::1', 9070],
    ['[::1]', '::1', 9070],
    ['127.0.0.9:0', '127.0.0.9', 0],
  ]
  for (const [address, ip, port] of cases) {
    const { admin } = load({
      file: '[admin]\nbind-ip = "10.0.0.1"\nbind-port = 1\n',
      env: { RESTATE_ADMIN__BIND_ADDRESS: address },
    }).config
    t.strictSame([admin.bindIp, admin.bindPort], [ip, port], address)
  }
  t.end()
})

t.test('sizes are bounded by networking.message-size-limit', (t) => {
  const larger = load({ file: '[networking]\nmessage-size-limit = "64 MiB"\n[admin]\nrequest-size-limit = "1 MiB"' })
  t.equal(larger.config.ingress.requestSizeLimitBytes, 64 * 2 ** 20, 'unset limits follow it')
  t.equal(larger.config.worker.invoker.messageSizeLimitBytes, 64 * 2 ** 20)
  t.equal(larger.config.worker.invoker.eagerStateSizeLimitBytes, 64 * 2 ** 20)
  t.equal(larger.config.worker.invoker.perInvocationMemoryLimitBytes, 64 * 2 ** 20, 'a largest message fits')
  t.equal(larger.config.admin.requestSizeLimitBytes, 2 ** 20)
  const cut = load({ file: '[ingress]\nrequest-size-limit = "100 MiB"' })
  t.equal(cut.config.ingress.requestSizeLimitBytes, 32 * 2 ** 20)
  const state = load({
    file: '[worker.invoker]\nmessage-size-limit = "1 MiB"\neager-state-size-limit = "2 MiB"',
  }).config
  t.equal(state.worker.invoker.eagerStateSizeLimitBytes, 2 ** 20)
  t.equal(state.worker.invoker.perInvocationMemoryLimitBytes, 32 * 2 ** 20)
  t.match(cut.warnings, [/ingress\.request-size-limit: 100\.0 MiB is cut to networking\.message-size-limit, 32\.0 MiB/])
  t.end()
})

t.test('compatibility turns defaults, which can still be set', (t) => {
  const { ingress } = load({ file: 'compatibility = "restate"' }).config
  t.equal(ingress.headerPolicy, 'restate-compatible')
  t.equal(ingress.journalQueryString, true)
  t.strictSame(ingress.corsAllowedOrigins, ['*'])
  const mixed = load({ file: 'compatibility = "restate"\n[ingress]\nheader-policy = "allow-list"' }).config.ingress
  t.equal(mixed.headerPolicy, 'allow-list')
  t.equal(mixed.journalQueryString, true)
  t.end()
})

t.test('lists and tables from the environment', (t) => {
  for (const hosts of [
    'a.internal,b.internal',
    '["a.internal", "b.internal"]',
    '[a.internal, b.internal]',
    ' A.internal, b.internal ',
  ]) {
    t.strictSame(load({ env: { RESTATE_ADMIN__ALLOWED_HOSTS: hosts } }).config.admin.allowedHosts, [
      'a.internal',
      'b.internal',
    ])
  }
  const prefix = 'RESTATE_WORKER__INVOKER__ADDITIONAL_REQUEST_HEADERS'
  const headers = (env: Record<string, string>) => load({ env }).config.worker.invoker.additionalRequestHeaders
  t.strictSame(headers({ [prefix]: '{ x-a = "1", "x-b" = "2" }' }), { 'x-a': '1', 'x-b': '2' })
  t.strictSame(headers({ [`${prefix}__X_A`]: '1', [`${prefix}__X_B`]: '2' }), { 'x-a': '1', 'x-b': '2' })
  t.end()
})

t.test('the command line', (t) => {
  const cases: readonly (readonly [argv: readonly string[], pick: (config: Config) => unknown, expected: unknown])[] = [
    [['--bind-port', '7'], (c) => c.fabric.bindPort, 7],
    [['--bind-port=7'], (c) => c.fabric.bindPort, 7],
    [['--use-random-ports'], (c) => c.admin.bindPort, 0],
    [['--use-random-ports', 'true'], (c) => c.admin.bindPort, 0],
    [['--use-random-ports=false'], (c) => c.admin.bindPort, 9070],
    [['--use-random-ports', '--node-name', 'n2'], (c) => c.nodeName, 'n2'],
    [['--production', '--no-logo'], (c) => c.nodeName, 'host-1'],
  ]
  for (const [argv, pick, expected] of cases) t.equal(pick(load({ argv }).config), expected, argv.join(' '))
  t.match(load({ argv: ['--roles', 'admin,worker', '--auto-provision=false'] }).warnings, [
    /roles \(flag --roles\)/,
    /auto-provision/,
  ])

  for (const argv of [['--help'], ['-h'], ['--bind-port', '1', '--help']]) {
    const loaded = loadConfig({ argv, env: { RESTATE_NONSENSE: 'x' }, cwd: '/srv' })
    t.match(loaded, { action: 'help', text: /--bind-port <integer>[\s\S]*RESTATE_BIND_PORT/ })
  }
  for (const argv of [['--version'], ['-V']]) t.match(loadConfig({ argv, env: {}, cwd: '/srv' }), { action: 'version' })
  t.equal(loadConfig({ argv: ['--dump-config'], env: {}, cwd: '/srv' }).action, 'dump-config')
  t.end()
})

t.test('the file is found through -c, --config-file or RESTATE_CONFIG', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'perdure-config-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, 'a.toml'), 'cluster-name = "from-a"\n')
  writeFileSync(join(directory, 'b.toml'), 'cluster-name = "from-b"\n')
  const nameOf = (argv: string[], env: Record<string, string>) => {
    const loaded = loadConfig({ argv, env, cwd: directory })
    return loaded.action === 'run' ? loaded.config.clusterName : undefined
  }
  t.equal(nameOf(['-c', 'a.toml'], {}), 'from-a')
  t.equal(nameOf([`--config-file=${join(directory, 'a.toml')}`], {}), 'from-a')
  t.equal(nameOf([], { RESTATE_CONFIG: 'b.toml' }), 'from-b')
  t.equal(nameOf(['-c', 'a.toml'], { RESTATE_CONFIG: 'b.toml' }), 'from-a')
  t.throws(() => nameOf(['-c', 'c.toml'], {}), { code: 'PERDURE_ERR_CONFIG_FILE_UNREADABLE', message: /c\.toml/ })
  t.end()
})
