import type { Metrics } from '../../telemetry/metrics.ts'

/** `missing`: no token; `refused`: one that is not known; `forbidden`: a role that is too low. */
export type AdminAuthResult = (typeof results)[number]

const results = ['accepted', 'missing', 'refused', 'forbidden'] as const

/** What came of asking users of admin who they are. The numbers only rise. */
export type AdminAuthCounts = Record<AdminAuthResult, number>

export function newAdminAuthCounts(): AdminAuthCounts {
  return { accepted: 0, missing: 0, refused: 0, forbidden: 0 }
}

/** Shows them among the metrics of the process. */
export function registerAdminAuthMetrics(metrics: Metrics, counts: AdminAuthCounts): void {
  const counter = metrics.counter(
    'admin_authentication_total',
    'Requests of admin, by what came of asking who it is.',
    {
      result: results,
    },
  )
  metrics.onRender(() => {
    for (const result of results) counter.with({ result }).value = counts[result]
  })
}
