import type { IdTokens } from './gcp/id-tokens.ts'
import { mintResults, mintSources } from './gcp/mint-record.ts'
import type { Invoker } from './invoker/invoker.ts'
import type { Log } from './log/log.ts'
import type { Partition } from './partition/partition.ts'
import type { Store } from './store/store.ts'
import type { Metrics } from './telemetry/metrics.ts'

export interface EngineParts {
  readonly partition: Partition
  readonly invoker: Invoker
  readonly log: Log
  readonly store: Store
}

/** What the engine counts, read when somebody asks: nothing is added to the path of a call. */
export function registerEngineMetrics(metrics: Metrics, { partition, invoker, log, store }: EngineParts): void {
  const hot = metrics.gauge('invocations_in_memory', 'Invocations in memory.').with({})
  const timers = metrics.gauge('timers', 'Durable timers that are armed.').with({})
  const inFlight = metrics.gauge('attempts_in_flight', 'Attempts with an open stream.').with({})
  const queued = metrics.gauge('attempts_queued', 'Attempts that wait for a free place in the invoker.').with({})
  const replay = metrics.gauge('replay_bytes', 'Journal bytes on their way to services.').with({})
  const attempts = metrics.counter('attempts_total', 'Attempts, by what became of them.', {
    outcome: ['started', 'completed', 'suspended', 'failed', 'aborted'],
  })
  const entries = metrics.counter('entries_proposed_total', 'Commands and run results from services.').with({})
  const batches = metrics.counter('log_batches_total', 'Batches appended to the log.').with({})
  const bytes = metrics.counter('log_bytes_total', 'Bytes appended to the log.').with({})
  const syncs = metrics.counter('log_syncs_total', 'Times that the log was synced to disk.').with({})
  const lastSync = metrics.gauge('log_last_sync_seconds', 'Duration of the last sync.').with({})
  const maxSync = metrics.gauge('log_max_sync_seconds', 'Longest sync since the start.').with({})
  const pending = metrics.gauge('store_pending_bytes', 'Log bytes that the store has not written yet.').with({})
  metrics.onRender(() => {
    hot.set(partition.hotInvocations)
    timers.set(partition.timers)
    inFlight.set(invoker.inFlight)
    queued.set(invoker.queued)
    replay.set(invoker.replayBytes)
    const { counters } = invoker
    attempts.with({ outcome: 'started' }).value = counters.attemptsStarted
    attempts.with({ outcome: 'completed' }).value = counters.attemptsCompleted
    attempts.with({ outcome: 'suspended' }).value = counters.attemptsSuspended
    attempts.with({ outcome: 'failed' }).value = counters.attemptsFailed
    attempts.with({ outcome: 'aborted' }).value = counters.attemptsAborted
    entries.value = counters.entriesProposed
    batches.value = log.metrics.appendedBatches
    bytes.value = log.metrics.appendedBytes
    syncs.value = log.metrics.syncs
    lastSync.set(log.metrics.lastSyncMs / 1000)
    maxSync.set(log.metrics.maxSyncMs / 1000)
    pending.set(store.pendingBytes)
  })
}

/** Up to the time that a mint is given, which is 5 s. */
const mintSecondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const tokenOutcomes = ['cached', 'minted', 'shared', 'paced'] as const

/**
 * What is counted of Google ID tokens. Labels are kinds; accounts and audiences are many, and nobody's business who only
 * looks at metrics.
 */
export function registerTokenMetrics(metrics: Metrics, idTokens: Pick<IdTokens, 'onMint' | 'usage'>): void {
  const mints = metrics.counter('id_token_mints_total', 'Mints of Google ID tokens, by their end and credentials.', {
    result: mintResults,
    source: mintSources,
  })
  const seconds = metrics
    .histogram(
      'id_token_mint_seconds',
      'Duration of mints of ID tokens, also of those that failed.',
      mintSecondsBuckets,
    )
    .with({})
  const requests = metrics.counter(
    'id_token_requests_total',
    'ID tokens that attempts wanted, by where they came from.',
    {
      outcome: tokenOutcomes,
    },
  )
  const refused = metrics
    .counter('id_tokens_refused_total', 'Cached ID tokens that were thrown away because the service refused them.')
    .with({})
  const cached = metrics.gauge('id_tokens_cached', 'ID tokens in the cache.').with({})
  idTokens.onMint(({ source, result, durationMs }) => {
    mints.with({ result, source }).inc()
    seconds.observe(durationMs / 1000)
  })
  metrics.onRender(() => {
    const { usage } = idTokens
    for (const outcome of tokenOutcomes) requests.with({ outcome }).value = usage[outcome]
    refused.value = usage.refused
    cached.set(usage.size)
  })
}
