import t from 'tap'
import { load } from './load.ts'

// The environment of a typical script that starts the official server, once in a container and once on a laptop.
t.test('a script for restate-server starts Perdure unchanged', (t) => {
  const { config, warnings } = load({
    env: {
      RESTATE_NODE_NAME: 'restate-1',
      RESTATE_CLUSTER_NAME: 'orders',
      RESTATE_BASE_DIR: '/restate-data',
      RESTATE_BIND_PORT: '15122',
      RESTATE_INGRESS__BIND_PORT: '18080',
      RESTATE_ADMIN__BIND_PORT: '19070',
      RESTATE_ADMIN__BIND_ADDRESS: '0.0.0.0:19071',
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_ADVERTISED_ADDRESS: 'http://restate-1:15122',
      RESTATE_INGRESS__ADVERTISED_INGRESS_ENDPOINT: 'http://orders.example',
      RESTATE_LOG_FILTER: 'restate=warn',
      RESTATE_LOG_FORMAT: 'json',
      RESTATE_LOG_DISABLE_ANSI_CODES: 'true',
      RESTATE_SHUTDOWN_TIMEOUT: '30s',
      RESTATE_DEFAULT_JOURNAL_RETENTION: '2 days',
      RESTATE_DEFAULT_IDEMPOTENCY_RETENTION: 'P7D',
      RESTATE_DEFAULT_RETRY_POLICY__MAX_ATTEMPTS: 'unlimited',
      RESTATE_DEFAULT_RETRY_POLICY__INITIAL_INTERVAL: '100ms',
      RESTATE_WORKER__CLEANUP_INTERVAL: '20s',
      RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT: '5 minutes',
      RESTATE_WORKER__INVOKER__ABORT_TIMEOUT: 'PT2M',
      RESTATE_WORKER__INVOKER__MESSAGE_SIZE_LIMIT: '16 MiB',
      RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE: '/secrets/identity.pem',
      RESTATE_INGRESS__REQUEST_SIZE_LIMIT: '2KiB',
      RESTATE_INGRESS__CONCURRENT_API_REQUESTS_LIMIT: '500',
      RESTATE_DEFAULT_NUM_PARTITIONS: '8',
      RESTATE_AUTO_PROVISION: 'true',
      RESTATE_METADATA_CLIENT__ADDRESSES: '["http://restate-1:15122"]',
      RESTATE_BIFROST__DEFAULT_PROVIDER: 'replicated',
      RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE: '512 MiB',
      RESTATE_TRACING_ENDPOINT: 'http://jaeger:4317',
      RESTATE_DISABLE_TELEMETRY: 'true',
      RUST_LOG: 'info,restate=debug',
    },
    argv: ['--node-name', 'restate-2', '--roles=admin,worker', '--production'],
  })
  t.match(config, {
    nodeName: 'restate-2',
    clusterName: 'orders',
    baseDir: '/restate-data',
    logFilter: 'info,restate=debug',
    logFormat: 'json',
    logDisableAnsiCodes: true,
    shutdownTimeoutMs: 30_000,
    defaultJournalRetentionMs: 2 * 86_400_000,
    defaultIdempotencyRetentionMs: 7 * 86_400_000,
    defaultRetryPolicy: { maxAttempts: undefined, initialIntervalMs: 100 },
    fabric: { bindPort: 15_122, listenMode: 'tcp', advertisedAddress: 'http://restate-1:15122' },
    ingress: {
      bindPort: 18_080,
      listenMode: 'tcp',
      bindIp: '::',
      advertisedAddress: 'http://orders.example',
      requestSizeLimitBytes: 2048,
      concurrentRequestsLimit: 500,
    },
    admin: { bindIp: '0.0.0.0', bindPort: 19_071 },
    worker: {
      cleanupIntervalMs: 20_000,
      invoker: {
        inactivityTimeoutMs: 300_000,
        abortTimeoutMs: 120_000,
        messageSizeLimitBytes: 16 * 2 ** 20,
        requestIdentityPrivateKeyPemFile: '/secrets/identity.pem',
        additionalRequestHeaders: { 'x-restate-cluster-name': 'orders' },
      },
    },
  })
  t.equal(warnings.filter((line) => line.startsWith('no effect in Perdure: ')).length, 8)
  t.equal(warnings.filter((line) => line.includes('deprecated')).length, 1)
  t.equal(warnings.length, 9)
  t.end()
})
