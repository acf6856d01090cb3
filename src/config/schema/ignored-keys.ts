/** A key of restate-server that is accepted and has no effect here, so that existing files and scripts load. */
export interface IgnoredKey {
  /** A key, a table with all that is in it, or with a trailing `*` all keys that start so. */
  readonly pattern: string
  readonly reason: string
  /** Also a flag of restate-server; they all take a value. */
  readonly flag?: boolean
  /** Keys that the pattern matches and that do have an effect. */
  readonly except?: readonly string[]
}

const ONE_NODE = 'one process is the whole cluster'
const OWN_STORAGE = 'the log and the store are Perdure’s own; see [log] and [store]'
const NO_TRACES = 'traces are not exported'
const NO_PROXY = 'connections to services go direct'
const NO_KAFKA = 'there is no Kafka ingress'
const NO_LAMBDA = 'there is no AWS client'
const NO_SQL_OPTIONS = 'the limits of queries are admin.query.*'
const NOT_TUNABLE = 'this part of the invoker has no such setting'
const NO_THROTTLING = 'invocations are limited by worker.invoker.concurrent-invocations-limit alone'
const NO_RUNTIME = 'it tunes a runtime that is not here'
const NO_UI = 'there is no such part'

/** Names from restate-server 1.7, some of them from its earlier versions. */
export const IGNORED_KEYS: readonly IgnoredKey[] = [
  { pattern: 'roles', reason: 'every node runs everything', flag: true },
  { pattern: 'location', reason: ONE_NODE, flag: true },
  { pattern: 'force-node-id', reason: ONE_NODE, flag: true },
  { pattern: 'auto-provision', reason: ONE_NODE, flag: true },
  { pattern: 'allow-bootstrap', reason: ONE_NODE, flag: true },
  { pattern: 'default-num-partitions', reason: ONE_NODE, flag: true },
  { pattern: 'bootstrap-num-partitions', reason: ONE_NODE, flag: true },
  { pattern: 'default-replication', reason: ONE_NODE },
  { pattern: 'metadata-store-address', reason: ONE_NODE, flag: true },
  { pattern: 'metadata-*', reason: ONE_NODE },
  { pattern: 'gossip-*', reason: ONE_NODE },
  { pattern: 'gossip', reason: ONE_NODE },
  { pattern: 'networking.connect-timeout', reason: ONE_NODE },
  { pattern: 'networking.connect-retry-policy', reason: ONE_NODE },
  { pattern: 'networking.handshake-timeout', reason: ONE_NODE },
  { pattern: 'networking.http2-keep-alive-interval', reason: ONE_NODE },
  { pattern: 'networking.http2-keep-alive-timeout', reason: ONE_NODE },
  { pattern: 'networking.http2-adaptive-window', reason: ONE_NODE },
  { pattern: 'networking.disable-compression', reason: ONE_NODE },
  { pattern: 'networking.data-stream-window-size', reason: ONE_NODE },
  { pattern: 'networking.fabric-memory-limit', reason: ONE_NODE },
  { pattern: 'tls.cert-file', reason: 'tls.mode is always "off"' },
  { pattern: 'tls.key-file', reason: 'tls.mode is always "off"' },
  { pattern: 'tls.ca-files', reason: 'tls.mode is always "off"' },
  { pattern: 'tls.require-client-auth', reason: 'tls.mode is always "off"' },
  { pattern: 'tls.allowed-subject-names', reason: 'tls.mode is always "off"' },
  { pattern: 'tls.refresh-interval', reason: 'tls.mode is always "off"' },
  { pattern: 'bifrost', reason: OWN_STORAGE },
  { pattern: 'log-server', reason: OWN_STORAGE },
  { pattern: 'rocksdb-*', reason: OWN_STORAGE },
  { pattern: 'storage-high-priority-bg-threads', reason: OWN_STORAGE },
  { pattern: 'storage-low-priority-bg-threads', reason: OWN_STORAGE },
  { pattern: 'worker.storage', reason: OWN_STORAGE },
  { pattern: 'worker.snapshots', reason: OWN_STORAGE },
  { pattern: 'worker.durability-mode', reason: OWN_STORAGE },
  { pattern: 'worker.trim-delay-interval', reason: OWN_STORAGE },
  { pattern: 'worker.experimental-partition-driven-log-trimming', reason: OWN_STORAGE },
  { pattern: 'admin.log-trim-check-interval', reason: OWN_STORAGE },
  { pattern: 'admin.log-trim-interval', reason: OWN_STORAGE },
  { pattern: 'admin.log-trim-threshold', reason: OWN_STORAGE },
  { pattern: 'admin.log-tail-update-interval', reason: OWN_STORAGE },
  { pattern: 'tracing-endpoint', reason: NO_TRACES, flag: true },
  { pattern: 'tracing-runtime-endpoint', reason: NO_TRACES, flag: true },
  { pattern: 'tracing-services-endpoint', reason: NO_TRACES, flag: true },
  { pattern: 'tracing-json-path', reason: NO_TRACES, flag: true },
  { pattern: 'tracing-filter', reason: NO_TRACES, flag: true },
  { pattern: 'tracing-headers', reason: NO_TRACES },
  { pattern: 'default-thread-pool-size', reason: NO_RUNTIME },
  { pattern: 'tokio-console-*', reason: NO_RUNTIME },
  { pattern: 'initialization-timeout', reason: NO_RUNTIME },
  { pattern: 'histogram-inactivity-timeout', reason: NO_RUNTIME },
  { pattern: 'hlc-max-drift', reason: NO_RUNTIME },
  { pattern: 'disable-telemetry', reason: 'nothing is ever sent home' },
  { pattern: 'disable-config-sql-table', reason: 'the configuration is not shown through SQL' },
  { pattern: 'experimental-*', reason: NO_UI, except: ['experimental-enable-protocol-v7'] },
  { pattern: 'limits', reason: NO_THROTTLING },
  { pattern: 'worker.internal-queue-length', reason: NO_RUNTIME },
  { pattern: 'worker.num-timers-in-memory-limit', reason: NO_RUNTIME },
  { pattern: 'worker.max-command-batch-size', reason: NO_RUNTIME },
  { pattern: 'worker.shuffle', reason: ONE_NODE },
  { pattern: 'worker.data-service-memory-limit', reason: ONE_NODE },
  { pattern: 'worker.rule-book-poll-interval', reason: NO_THROTTLING },
  { pattern: 'worker.invoker.in-memory-queue-length-limit', reason: NOT_TUNABLE },
  { pattern: 'worker.invoker.tmp-dir', reason: NOT_TUNABLE },
  { pattern: 'worker.invoker.per-invocation-initial-memory', reason: NOT_TUNABLE },
  { pattern: 'worker.invoker.disable-eager-state', reason: NOT_TUNABLE },
  { pattern: 'worker.invoker.http2-keep-alive-jitter', reason: NOT_TUNABLE },
  { pattern: 'worker.invoker.http2-initial-max-send-streams', reason: NOT_TUNABLE },
  { pattern: 'worker.invoker.http2-max-frame-size', reason: NOT_TUNABLE },
  { pattern: 'worker.invoker.http2-data-frame-budget', reason: NOT_TUNABLE },
  { pattern: 'worker.invoker.retry-policy', reason: 'it has been replaced by [default-retry-policy]' },
  { pattern: 'worker.invoker.invocation-throttling', reason: NO_THROTTLING },
  { pattern: 'worker.invoker.action-throttling', reason: NO_THROTTLING },
  { pattern: 'worker.invoker.http-proxy', reason: NO_PROXY },
  { pattern: 'worker.invoker.no-proxy', reason: NO_PROXY },
  { pattern: 'http-proxy', reason: NO_PROXY },
  { pattern: 'no-proxy', reason: NO_PROXY },
  { pattern: 'initial-max-send-streams', reason: NOT_TUNABLE },
  { pattern: 'http-keep-alive-options.jitter', reason: NOT_TUNABLE },
  { pattern: 'worker.invoker.request-compression-threshold', reason: NO_LAMBDA },
  { pattern: 'worker.invoker.aws-profile', reason: NO_LAMBDA },
  { pattern: 'worker.invoker.aws-assume-role-external-id', reason: NO_LAMBDA },
  { pattern: 'request-compression-threshold', reason: NO_LAMBDA },
  { pattern: 'aws-profile', reason: NO_LAMBDA },
  { pattern: 'aws-assume-role-external-id', reason: NO_LAMBDA },
  { pattern: 'admin.query-engine', reason: NO_SQL_OPTIONS },
  { pattern: 'admin.disable-web-ui', reason: NO_UI },
  { pattern: 'admin.disable-cluster-controller', reason: ONE_NODE },
  { pattern: 'admin.heartbeat-interval', reason: ONE_NODE },
  { pattern: 'admin.default-partition-replication', reason: ONE_NODE },
  { pattern: 'ingress.kafka-clusters', reason: NO_KAFKA },
  { pattern: 'ingress.ingestion', reason: NO_KAFKA },
]

export function ignoredKeyOf(path: string): IgnoredKey | undefined {
  return IGNORED_KEYS.find(({ pattern, except }) => matches(path, pattern) && except?.includes(path) !== true)
}

function matches(path: string, pattern: string): boolean {
  if (pattern.endsWith('*')) return path.startsWith(pattern.slice(0, -1))
  return path === pattern || path.startsWith(`${pattern}.`)
}
