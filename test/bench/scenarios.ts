/** One kind of call, as the load generator sends it. The service is in service.ts. */
export interface Scenario {
  readonly name: string
  readonly title: string
  /** Path at ingress. `{key}` becomes a random number from 1 to `keys` in each request. */
  readonly path: string
  readonly keys?: number
  /** What the answer to the body `"bench"` looks like. */
  readonly answer: RegExp
  readonly targets: Targets
}

/** Limits for the ratio Perdure to official; where there is none, the figure is shown without a verdict. */
export interface Targets {
  /** With 32 connections and more: at least. */
  readonly throughput: number
  /** With one connection: at most. */
  readonly latency?: number
}

/** Every body that is sent. */
export const body = JSON.stringify('bench')

export const scenarios: readonly Scenario[] = [
  {
    name: 'plain',
    title: 'plain call',
    path: '/Bench/hello',
    answer: /^"Hello bench"$/,
    targets: { throughput: 2, latency: 0.5 },
  },
  {
    name: 'hot-key',
    title: 'object call, 1 key',
    path: '/BenchCounter/hot/add',
    answer: /^\d+$/,
    targets: { throughput: 4 },
  },
  {
    name: 'keys',
    title: 'object call, 10,000 keys',
    path: '/BenchCounter/{key}/add',
    keys: 10_000,
    answer: /^\d+$/,
    targets: { throughput: 2 },
  },
  {
    name: 'steps',
    title: '3 x ctx.run',
    path: '/Bench/steps',
    answer: /^3$/,
    targets: { throughput: 2, latency: 0.5 },
  },
  {
    name: 'chain',
    title: 'chain of 3 calls',
    path: '/BenchChain/first',
    answer: /^"Hello bench"$/,
    targets: { throughput: 2, latency: 0.5 },
  },
]

/** Limits that do not depend on the scenario, for the same ratio: at most. */
export const commonTargets = { cpuUnderLoad: 0.25, ready: 0.75, memory: 0.4 } as const

/** Past these a figure is a fault of the design, not a matter of tuning. */
export const faults = { throughput: 1.5, latency: 0.7 } as const

/** From how many connections on a figure counts as "under load". */
export const LOADED_CONNECTIONS = 32
