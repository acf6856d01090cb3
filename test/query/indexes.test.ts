import t from 'tap'
import { rowsOf, sampleEngine } from './sample-engine.ts'
import { SampleStore, sampleId } from './sample-store.ts'

const list = 'SELECT id FROM sys_invocation inv WHERE'
const newest = 'ORDER BY inv.created_at DESC, inv.id LIMIT 100'

/** What the CLI asks for of a large store must be found by an index, and given in its order where the order is what limits. */
t.test('the plans of queries that must be fast', async (t) => {
  await using store = await SampleStore.create()
  await using engine = sampleEngine(store)
  for (const [sql, plan] of [
    [`SELECT id FROM sys_invocation inv ${newest}`, /SCAN i USING INDEX invocation_created/],
    [`${list} status != 'completed' ${newest}`, /SCAN i USING INDEX invocation_open_created/],
    [`${list} status IN ('running', 'pending') ${newest}`, /SCAN i USING INDEX invocation_open_created/],
    [
      `${list} inv.target_service_name IN ('A', 'B') AND status != 'completed' ${newest}`,
      /USING INDEX invocation_open_created/,
    ],
    [`${list} status = 'completed' AND inv.completion_result = 'failure' ${newest}`, /USING INDEX invocation_failed/],
    [`${list} inv.target_service_name = 'A' ${newest}`, /SEARCH i USING INDEX invocation_service \(service=\?\)/],
    [`${list} inv.target_service_key IN ('k') ${newest}`, /SEARCH i USING INDEX invocation_key \(key=\?\)/],
    [`${list} inv.id = '${sampleId(1)}' LIMIT 1`, /SEARCH i USING (?:COVERING )?INDEX invocation_id \(id=\?\)/],
    [
      `${list} inv.id IN ('${sampleId(1)}', '${sampleId(2)}') AND status != 'completed' ${newest}`,
      /SEARCH i USING INDEX invocation_id/,
    ],
    [
      `SELECT id, target FROM sys_invocation_status WHERE target LIKE 'A/%' AND status != 'completed' LIMIT 500`,
      /invocation_open_created/,
    ],
    [
      `SELECT id, target FROM sys_invocation_status WHERE target LIKE 'A/%' AND status = 'completed' LIMIT 500`,
      /invocation_service \(service=\?\)/,
    ],
    [
      `SELECT COUNT(1) FROM sys_invocation_status WHERE pinned_deployment_id = 'x' AND status != 'completed'`,
      /invocation_open_created/,
    ],
    [
      'SELECT id FROM sys_invocation_status ORDER BY modified_at DESC LIMIT 250',
      /SCAN i USING INDEX invocation_modified/,
    ],
    [
      `SELECT id FROM sys_invocation_status WHERE created_at > now() - interval '1 hour'`,
      /invocation_created \(created_at>\?\)/,
    ],
    [
      `SELECT id FROM sys_invocation_status WHERE completed_at >= '2026-11-21T17:00:00Z'`,
      /invocation_completed \(completed_at>\?\)/,
    ],
    [
      `SELECT index, entry_json FROM sys_journal sj WHERE sj.id = '${sampleId(1)}' ORDER BY index DESC LIMIT 100`,
      /SEARCH i USING (?:COVERING )?INDEX invocation_id[\s\S]*SEARCH j USING PRIMARY KEY \(seq=\?\)/,
    ],
    [`SELECT * FROM sys_journal_events WHERE id = '${sampleId(1)}'`, /SEARCH i USING INDEX invocation_id/],
    [
      `SELECT key, value FROM state WHERE service_name = 'A' AND service_key = 'k'`,
      /SEARCH s USING PRIMARY KEY \(service=\? AND key=\?\)/,
    ],
  ] as const) {
    const [row] = await rowsOf(engine, `EXPLAIN ${sql}`)
    t.match(row?.plan, plan, sql)
  }
})
