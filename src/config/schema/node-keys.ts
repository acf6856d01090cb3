import { computedKey, key, optionalKey } from '../key.ts'
import {
  boolean,
  duration,
  fileName,
  headerSafeName,
  integer,
  oneOf,
  path,
  positiveDuration,
  text,
} from '../scalar-types.ts'

/** Top-level keys: the node itself, its log, and what invocations keep. */
export const nodeKeys = {
  compatibility: key({
    path: 'compatibility',
    from: 'perdure',
    type: oneOf('strict', 'restate'),
    default: 'strict',
    description:
      'What callers see at ingress where Perdure deliberately differs from Restate. "restate" turns the defaults of the keys that say so to what Restate does, for migrations.',
  }),
  clusterName: key({
    path: 'cluster-name',
    flag: true,
    type: headerSafeName,
    default: 'localcluster',
    description: 'Name of the cluster; services get it with every request as x-restate-cluster-name.',
  }),
  nodeName: computedKey({
    path: 'node-name',
    flag: true,
    type: fileName,
    defaultText: 'the host name',
    example: 'node-1',
    compute: (settings) => settings.machine.hostName,
    description: 'Name of this node. Its data is in a directory of this name, so set it where the host name changes.',
  }),
  baseDir: key({
    path: 'base-dir',
    flag: true,
    type: path,
    default: './restate-data',
    description: 'Directory of all data; a relative one starts at the working directory.',
  }),
  shutdownTimeout: key({
    path: 'shutdown-timeout',
    flag: true,
    type: positiveDuration,
    default: 60_000,
    description: 'How long a graceful stop may take before the process ends anyway.',
  }),
  logFilter: key({
    path: 'log-filter',
    flag: true,
    type: text,
    default: 'warn,restate=info',
    description: 'Which log lines appear: a level, or levels by target. RUST_LOG overrides it.',
  }),
  logFormat: key({
    path: 'log-format',
    flag: true,
    type: oneOf('pretty', 'compact', 'json'),
    default: 'pretty',
    description: 'Form of a log line; json is one object per line.',
  }),
  logDisableAnsiCodes: key({
    path: 'log-disable-ansi-codes',
    flag: true,
    type: boolean,
    default: false,
    description: 'No colours in the log.',
  }),
  disablePrometheus: key({
    path: 'disable-prometheus',
    type: boolean,
    default: false,
    description: 'Neither record nor serve metrics.',
  }),
  defaultJournalRetention: retentionKey('journal', 'the journal of a completed invocation is kept'),
  maxJournalRetention: maxRetentionKey('journal'),
  defaultIdempotencyRetention: retentionKey('idempotency', 'the result of a call with an idempotency key is kept'),
  maxIdempotencyRetention: maxRetentionKey('idempotency'),
  defaultWorkflowCompletionRetention: retentionKey('workflow-completion', 'the result of a workflow run is kept'),
  maxWorkflowCompletionRetention: maxRetentionKey('workflow-completion'),
  maxRetryPolicyMaxAttempts: optionalKey({
    path: 'max-retry-policy-max-attempts',
    type: integer(1),
    example: 100,
    description: 'Upper bound of the attempts that a service may ask for.',
  }),
  enableProtocolV7: key({
    path: 'experimental-enable-protocol-v7',
    type: boolean,
    default: false,
    description:
      'Start invocations with service protocol V7 on deployments that speak it. Those that were started so go on with it, whatever this is later.',
  }),
}

function retentionKey(what: string, sentence: string) {
  return key({
    path: `default-${what}-retention`,
    type: duration,
    default: 86_400_000,
    description: `How long ${sentence} where the service does not say. 0 keeps nothing.`,
  })
}

function maxRetentionKey(what: string) {
  return optionalKey({
    path: `max-${what}-retention`,
    type: duration,
    example: 30 * 86_400_000,
    description: `Upper bound of the ${what} retention; larger values of services and of the default are cut to it.`,
  })
}
