import { headerMap } from '../collection-types.ts'
import { computedKey, inheritedKey, key, optionalKey } from '../key.ts'
import { attempts, byteSize, duration, integer, number, oneOf, path, positiveDuration } from '../scalar-types.ts'
import { networkingKeys } from './networking-keys.ts'
import { nodeKeys } from './node-keys.ts'

const KIB = 1024
const MIB = 1024 * KIB
// Window sizes that HTTP/2 allows (RFC 9113, 6.9); below its initial value a window only slows a stream down.
const windowSize = byteSize(65_535, 2 ** 31 - 1)

export const retryPolicyKeys = {
  initialInterval: key({
    path: 'default-retry-policy.initial-interval',
    type: positiveDuration,
    default: 500,
    description: 'Pause after the first failed attempt.',
  }),
  exponentiationFactor: key({
    path: 'default-retry-policy.exponentiation-factor',
    type: number(1, 1000),
    default: 2,
    description: 'Each further pause is longer by this factor.',
  }),
  maxAttempts: key<number | 'unlimited'>({
    path: 'default-retry-policy.max-attempts',
    type: attempts,
    default: 70,
    description: 'Attempts in all, the first one included, or "unlimited".',
  }),
  onMaxAttempts: key({
    path: 'default-retry-policy.on-max-attempts',
    type: oneOf('pause', 'kill'),
    default: 'pause',
    description: 'What happens to an invocation whose attempts are used up.',
  }),
  maxInterval: key({
    path: 'default-retry-policy.max-interval',
    type: positiveDuration,
    default: 60_000,
    description: 'Longest pause.',
  }),
}

export const workerKeys = {
  cleanupInterval: key({
    path: 'worker.cleanup-interval',
    type: positiveDuration,
    default: 3_600_000,
    description: 'How often expired invocations are removed from disk. Their results expire exactly, whatever it is.',
  }),
}

const messageSizeLimit = inheritedKey({
  path: 'worker.invoker.message-size-limit',
  type: byteSize(1024),
  parent: networkingKeys.messageSizeLimit,
  otherwise: 32 * MIB,
  description: 'Largest message of a service; never more than networking.message-size-limit.',
})

export const invokerKeys = {
  inactivityTimeout: key({
    path: 'worker.invoker.inactivity-timeout',
    type: duration,
    default: 60_000,
    description: 'After this silence of a handler it is asked to suspend.',
  }),
  abortTimeout: key({
    path: 'worker.invoker.abort-timeout',
    type: duration,
    default: 600_000,
    description: 'How long it may take to suspend before the attempt is cut.',
  }),
  messageSizeLimit,
  messageSizeWarning: key({
    path: 'worker.invoker.message-size-warning',
    type: byteSize(1),
    default: 10 * MIB,
    description: 'A larger message of a service is logged.',
  }),
  concurrentInvocationsLimit: key({
    path: 'worker.invoker.concurrent-invocations-limit',
    type: integer(1),
    default: 1000,
    description: 'Attempts in progress at once; more wait.',
  }),
  memoryLimit: key({
    path: 'worker.invoker.memory-limit',
    type: byteSize(1024),
    default: 1.5 * 1024 * MIB,
    description:
      'Journals and state that may be on their way to services at once; more attempts wait. One is sent however large it is.',
  }),
  perInvocationMemoryLimit: computedKey({
    path: 'worker.invoker.per-invocation-memory-limit',
    type: byteSize(1024),
    defaultText: '"32.0 MiB"; message-size-limit where that is larger',
    compute: (settings) => Math.max(32 * MIB, settings.get(messageSizeLimit)),
    description:
      'How large the journal of one invocation may become. An attempt that goes beyond it fails as if it were the last one: on-max-attempts decides what follows.',
  }),
  journalLengthLimit: key({
    path: 'worker.invoker.journal-length-limit',
    from: 'perdure',
    type: integer(1, 2 ** 32 - 1),
    default: 1_000_000,
    description:
      'How many entries the journal of one invocation may have; it is paused when its handler wants to add another one that is not its result.',
  }),
  maxAwaitedFutureDepth: key({
    path: 'worker.invoker.max-awaited-future-depth',
    type: integer(1, 2000),
    default: 1000,
    description:
      'How deep what a handler waits for may be nested (protocol V7, where it is a tree); an invocation that nests deeper is paused (RT0025).',
  }),
  eagerStateSizeLimit: computedKey({
    path: 'worker.invoker.eager-state-size-limit',
    type: byteSize(0),
    defaultText: 'message-size-limit',
    compute: (settings) => settings.get(messageSizeLimit),
    description:
      'How much state an attempt gets when it starts, at most message-size-limit; handlers ask for the rest when they need it. 0 is none.',
  }),
  connectTimeout: key({
    path: 'worker.invoker.connect-timeout',
    type: positiveDuration,
    default: 10_000,
    description: 'How long a connection to a service may take to open.',
  }),
  http2KeepAliveInterval: key({
    path: 'worker.invoker.http2-keep-alive-interval',
    type: duration,
    default: 40_000,
    description: 'How often a connection to a service is pinged; 0 is never.',
  }),
  http2KeepAliveTimeout: key({
    path: 'worker.invoker.http2-keep-alive-timeout',
    type: positiveDuration,
    default: 20_000,
    description: 'How long the answer to a ping may take before the connection counts as lost.',
  }),
  http2StreamsPerConnectionLimit: key({
    path: 'worker.invoker.http2-streams-per-connection-limit',
    type: integer(1, 2 ** 31 - 1),
    default: 128,
    description: 'Attempts in progress on one connection, where the service allows as many.',
  }),
  http2IdleConnectionTimeout: key({
    path: 'worker.invoker.http2-idle-connection-timeout',
    type: duration,
    default: 300_000,
    description: 'How long an unused connection to a service stays open; 0 is for ever.',
  }),
  http2InitialStreamWindowSize: key({
    path: 'worker.invoker.http2-initial-stream-window-size',
    type: windowSize,
    default: 2 * MIB,
    description: 'Bytes that a service may send on one stream before they are read.',
  }),
  http2InitialConnectionWindowSize: key({
    path: 'worker.invoker.http2-initial-connection-window-size',
    type: windowSize,
    default: 5 * MIB,
    description: 'Bytes that a service may send on one connection before they are read.',
  }),
  requestIdentityPrivateKeyPemFile: optionalKey({
    path: 'worker.invoker.request-identity-private-key-pem-file',
    type: path,
    example: './identity-key.pem',
    description:
      'File with one Ed25519 private key (PKCS #8, PEM), which nobody else may read; requests to services are signed with it. Read again on SIGHUP.',
  }),
  requestIdentityNextPrivateKeyPemFile: optionalKey({
    path: 'worker.invoker.request-identity-next-private-key-pem-file',
    from: 'perdure',
    type: path,
    example: './identity-key-next.pem',
    description:
      'File with the key that will replace the one above; need not exist. Nothing is signed with it: its public key is shown, so that services can be told of it first. See docs/request-identity.md.',
  }),
  requestIdentityExpiration: key({
    path: 'worker.invoker.request-identity-expiration',
    type: positiveDuration,
    default: 60_000,
    description: 'How long before and after it was made a signature is valid; at least one second.',
  }),
  additionalRequestHeaders: computedKey({
    path: 'worker.invoker.additional-request-headers',
    secret: true,
    type: headerMap,
    defaultText: '{ x-restate-cluster-name = <cluster-name> }',
    compute: (settings) => ({ 'x-restate-cluster-name': settings.get(nodeKeys.clusterName) }),
    description:
      'Headers of every request to a service; setting it replaces the default. Values are taken for secrets.',
  }),
}
