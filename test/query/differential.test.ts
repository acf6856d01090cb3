import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { tableFromIPC } from 'apache-arrow'
import t from 'tap'
import { useOwnNetwork } from '../differential/own-network.ts'
import { ensurePeer, runCli } from '../peer/peer.ts'
import { type Row, type Side, startBoth } from './both-servers.ts'
import { operatorQueries } from './operator-queries.ts'

/** The same queries to the official server and to ours, after the same calls to the same service. */
t.setTimeout(600_000)
await ensurePeer()
useOwnNetwork()

/** What the official server cannot have alike: keys of services without a key are random, and versions are its own. */
const status = `id, status, completion_result, completion_failure, target, target_service_name, target_service_key, target_handler_name,
  target_service_ty, scope, limit_key, invoked_by, invoked_by_id, invoked_by_subscription_id, invoked_by_service_name, invoked_by_target,
  restarted_from, pinned_deployment_id, pinned_service_protocol_version, trace_id, journal_size, journal_commands_size, created_at, modified_at,
  inboxed_at, scheduled_at, scheduled_start_at, running_at, completed_at, completion_retention, journal_retention,
  suspended_waiting_for_completions, suspended_waiting_for_signals, suspended_waiting_future_json`

const state = `in_flight, retry_count, last_start_at, last_attempt_deployment_id, last_attempt_server, next_retry_at, last_failure,
  last_failure_error_code, last_failure_related_command_index, last_failure_related_command_name, last_failure_related_command_type,
  last_failure_related_entry_index, last_failure_related_entry_name, last_failure_related_entry_type`

/** Queries whose rows have an order say so; the others are compared as sets. */
const queries: readonly string[] = [
  `SELECT ${status}, vqueue_id FROM sys_invocation_status`,
  `SELECT id, ${state} FROM sys_invocation_state`,
  `SELECT ${status}, ${state.replace('in_flight, ', '')} FROM sys_invocation`,
  `SELECT partition_key, id FROM sys_invocation_status WHERE target_service_key IS NOT NULL`,
  'SELECT * FROM sys_service',
  'SELECT id, ty, endpoint, created_at, min_service_protocol_version, max_service_protocol_version, array_length(services) AS n FROM sys_deployment',
  'SELECT service_name, service_key, id, partition_key FROM sys_inbox',
  'SELECT * FROM sys_keyed_service_status',
  'SELECT * FROM state',
  'SELECT * FROM sys_promise',
  'SELECT id, after_journal_entry_index, appended_at, event_type, event_json FROM sys_journal_events',
  `SELECT id, index, entry_type, name, completed, version, entry_json, entry_lite_json, appended_at FROM sys_journal
    WHERE entry_type NOT IN ('Command: Input', 'Command: CompleteAwakeable')`,
  `SELECT id, index, raw, raw_length FROM sys_journal
    WHERE entry_type IN ('Command: Run', 'Notification: Run', 'Command: SetState', 'Command: GetEagerState', 'Notification: Signal', 'Command: GetPromise')`,
  `SELECT id, index, name, entry_lite_json FROM sys_journal WHERE entry_type = 'Command: Input'`,
  'SELECT status, count(*) FROM sys_invocation GROUP BY status',
  `SELECT count(*), count(completed_at), count(DISTINCT target_service_name), min(target), max(target) FROM sys_invocation`,
  `SELECT target_service_name, target_handler_name, 'pending' as status, COUNT(1) as num_invocations, MIN(created_at) as oldest_at, FIRST_VALUE(id ORDER BY created_at ASC) as oldest_invocation
    FROM sys_invocation_status WHERE status == 'inboxed' AND target_service_name IN ('Signup','Counter','Greeter') GROUP BY target_service_name, target_handler_name`,
  `SELECT target_service_name, target_handler_name, status, COUNT(1) as num_invocations, MIN(created_at) as oldest_at, FIRST_VALUE(id ORDER BY created_at ASC) as oldest_invocation
    FROM sys_invocation WHERE target_service_name IN ('Signup','Counter','Greeter') GROUP BY target_service_name, target_handler_name, status`,
  `SELECT target, status FROM sys_invocation WHERE status != 'completed' ORDER BY target, status`,
  `SELECT target FROM sys_invocation WHERE completed_at IS NULL OR completion_result = 'failure' ORDER BY target DESC`,
  `SELECT target, completed_at IS NULL AS open FROM sys_invocation ORDER BY completed_at IS NULL DESC, target LIMIT 7`,
  `SELECT target, retry_count FROM sys_invocation ORDER BY retry_count DESC, target LIMIT 20`,
  `SELECT target, retry_count FROM sys_invocation ORDER BY retry_count, target LIMIT 20`,
  `SELECT ss.target FROM sys_invocation_status ss LEFT JOIN sys_invocation_state sis ON sis.id = ss.id
    WHERE ss.status IN ('invoked') AND ((ss.status = 'invoked' AND sis.in_flight) OR (sis.in_flight IS NOT TRUE AND sis.retry_count > 0)) ORDER BY ss.modified_at DESC`,
  `SELECT target FROM sys_invocation WHERE now() - created_at > interval '0 seconds' AND created_at > now() - interval '1 hour' AND created_at > '2020-01-01T00:00:00Z'`,
  `SELECT target FROM sys_invocation WHERE completed_at < created_at + interval '59 minutes' AND completed_at - created_at < interval '1 hour'`,
  `SELECT target, CASE WHEN status = 'scheduled' THEN NULL ELSE COALESCE(completed_at, now()) - COALESCE(scheduled_start_at, created_at) END IS NULL AS none FROM sys_invocation`,
  `SELECT target, CASE WHEN completion_failure IN ('[409] killed') THEN 'killed' WHEN status = 'completed' THEN completion_result ELSE status END AS bucket FROM sys_invocation`,
  `SELECT COUNT(1) FROM (SELECT * FROM sys_invocation inv LIMIT 50000 ) WHERE inv.target_service_name IN ('Counter') AND status != 'completed'`,
  `SELECT inv.target, dp.id IS NOT NULL as pinned_deployment_exists FROM sys_invocation inv LEFT JOIN sys_deployment dp ON dp.id = inv.pinned_deployment_id WHERE status != 'completed' ORDER BY inv.target, inv.status`,
  `SELECT inv.target FROM sys_invocation inv WHERE inv.target_service_name IN (select name from sys_service where ty = 'virtual_object') ORDER BY inv.target, inv.status`,
  `WITH active AS (SELECT DISTINCT pinned_deployment_id AS id FROM sys_invocation_status WHERE status <> 'completed') SELECT d.id FROM sys_deployment d INTERSECT SELECT id FROM active`,
  `SELECT service_name, count(*) AS keys, sum(value_length) AS bytes, coalesce(sum(value_length), 0) AS z FROM state GROUP BY service_name`,
  `SELECT service_key, "value", value_utf8 FROM state WHERE "value" LIKE '%at%' OR value = '2' OR value IN ('x', '"u1@x.io"')`,
  `SELECT key, lower(value_utf8) l, char_length(value_utf8) n, substr(value_utf8, 2, 3) s, value_utf8 ILIKE '%AT%' AS i FROM state`,
  `SELECT s.key, i.target FROM sys_invocation i JOIN state s ON s.service_name = i.target_service_name AND s.service_key = i.target_service_key ORDER BY s.key, i.target, i.status`,
  `SELECT target, row_number() OVER (PARTITION BY target_service_name ORDER BY target, status) AS r FROM sys_invocation`,
  `SELECT count(*) FILTER (WHERE completion_result = 'success') AS ok, count(*) FILTER (WHERE completion_result = 'failure') AS bad FROM sys_invocation WHERE completed_at IS NOT NULL`,
  `SELECT to_unixtime(date_bin(INTERVAL '86400 seconds', completed_at, TIMESTAMP '1970-01-01T00:00:00')) AS bucket, count(*) AS n FROM sys_invocation WHERE completed_at IS NOT NULL GROUP BY bucket ORDER BY bucket`,
  `SELECT index, entry_type, name FROM sys_journal WHERE id = '<Greeter/tour>' ORDER BY index DESC LIMIT 5`,
  `SELECT j.entry_type, count(*) FROM sys_journal j JOIN sys_invocation i ON i.id = j.id WHERE i.target_service_name = 'Counter' GROUP BY j.entry_type`,
  `SELECT json_get_int(entry_json, 'Command', 'Run', 'completion_id') AS c, entry_json->'Command'->'Run'->>'name' AS n FROM sys_journal WHERE id = '<Greeter/tour>' AND entry_type = 'Command: Run' ORDER BY index`,
  `SELECT id FROM sys_invocation WHERE id IN ('<Greeter/greet>', '<Counter/bob/hold>')`,
  `SELECT target FROM sys_invocation_status WHERE ((target = 'Greeter/greet' AND target_service_ty = 'service') OR (target LIKE 'Greeter/greet/%' AND target_service_ty != 'service')) AND status = 'completed' LIMIT 500`,
  `SELECT target FROM sys_invocation_status WHERE target LIKE 'Counter/b_b/%' OR target LIKE 'Sign%/u_/run'`,
]

t.test('both servers', async (t) => {
  await using both = await startBoth()
  const { official, ours } = both

  /** One invocation fails and is tried again all the time: in a moment between two attempts the servers may differ. */
  const untilAlike = async <T>(look: (side: Side) => Promise<T>): Promise<{ theirs: T; mine: T }> => {
    for (let left = 4; ; left -= 1) {
      const [theirs, mine] = await Promise.all([look(official), look(ours)])
      if (left === 0 || isDeepStrictEqual(theirs, mine)) return { theirs, mine }
      await delay(500)
    }
  }

  await t.test('give the same rows', async (t) => {
    for (const sql of [...queries, ...operatorQueries]) {
      const { theirs, mine } = await untilAlike((side) => comparable(side, sql))
      t.ok(theirs.length > 0, `not empty: ${sql}`)
      t.strictSame(mine, theirs, sql)
    }
  })

  await t.test('and the same Arrow', async (t) => {
    for (const sql of [
      'SELECT * FROM sys_invocation LIMIT 1',
      'SELECT * FROM sys_invocation_status LIMIT 1',
      'SELECT * FROM sys_invocation_state LIMIT 1',
      'SELECT * FROM sys_journal LIMIT 1',
      'SELECT * FROM sys_deployment LIMIT 1',
      'SELECT * FROM state',
      'SHOW TABLES',
      'SELECT COUNT(1) AS inv_count, sum(retry_count) s, max(created_at) m, avg(journal_size) a, first_value(id) f FROM sys_invocation',
      `SELECT 'x' AS a, 1 AS b, true AS c, 1.5 AS d, now() AS e, completed_at - created_at AS f FROM sys_invocation LIMIT 1`,
      'SELECT id FROM sys_invocation WHERE 1=0',
      'SELECT * FROM sys_service LIMIT 1',
      'SELECT * FROM sys_promise LIMIT 1',
      'SELECT * FROM sys_inbox LIMIT 1',
      'SELECT * FROM sys_keyed_service_status LIMIT 1',
      'SELECT * FROM sys_journal_events LIMIT 1',
      `SELECT * FROM information_schema.columns WHERE table_name = 'state'`,
      'DESCRIBE sys_journal',
      'SELECT status, count(*) n, completed_at IS NULL AS open FROM sys_invocation GROUP BY status, completed_at IS NULL',
      'SELECT i.status, s.key FROM state s LEFT JOIN sys_invocation i ON i.target_service_key = s.service_key',
      'SELECT target, row_number() OVER (ORDER BY target) r FROM sys_invocation',
      'SELECT created_at::date d, current_date AS today, median(journal_size) m FROM sys_invocation GROUP BY d',
    ]) {
      const [theirs, mine] = await Promise.all(
        [official, ours].map(async (side) => {
          const table = tableFromIPC(Buffer.from(await (await side.query(sql, '*/*')).arrayBuffer()))
          return {
            fields: table.schema.fields.map(
              ({ name, type, nullable }) => `${name} ${type}${nullable ? '' : ' NOT NULL'}`,
            ),
            rows: table.numRows,
          }
        }),
      )
      t.strictSame(mine, theirs, sql)
    }
  })

  await t.test('the official CLI works on ours as on the official server', async (t) => {
    for (const args of [
      ['sql', 'SELECT target, status FROM sys_invocation ORDER BY target, status'],
      ['sql', '--json', 'SELECT service_name, service_key, key, value FROM state ORDER BY service_key, key'],
      ['sql', '--jsonl', 'SELECT name, ty, revision, public FROM sys_service ORDER BY name'],
      ['sql', 'SELECT nope FROM sys_service'],
      ['services', 'list'],
      ['services', 'status', 'Counter'],
      ['services', 'status'],
      ['deployments', 'list', '--extra'],
      ['invocations', 'list'],
      ['invocations', 'list', '--all'],
      ['invocations', 'list', '--service', 'Counter', '--status', 'suspended'],
      ['invocations', 'list', '--completion', 'failure', '--all'],
      ['invocations', 'describe', '<Greeter/tour>'],
      ['invocations', 'describe', '<Counter/bob/hold>'],
      ['invocations', 'describe', '<Greeter/stuck>'],
      ['state', 'get', 'Counter', 'bob'],
      ['state', 'get', 'Counter', 'nobody'],
    ]) {
      const command = args.join(' ')
      // Of a key it shows one invocation, and does not say which; of invocations it says more when they are older.
      const only = args[1] === 'status' ? STATES : args[0] === 'invocations' ? FACTS : /./
      const compared = await untilAlike(async (side) => {
        const result = await runCli(
          args.map((arg) => withIds(side, arg)),
          { RESTATE_ADMIN_URL: side.admin },
        )
        const words = essentials(result.stdout, side)
        t.ok(result.code !== 0 || words.length > 0, `${command}: says something`)
        return { code: result.code, words: [...new Set(words.filter((word) => only.test(word)))] }
      })
      t.strictSame(compared.mine, compared.theirs, command)
    }
  })

  await t.test('deployments remove asks who still uses it', async (t) => {
    const [row] = await ours.rawRows('SELECT id FROM sys_deployment')
    const removed = await runCli(['deployments', 'remove', String(row?.id), '--yes'], { RESTATE_ADMIN_URL: ours.admin })
    t.not(removed.code, 0)
    t.match(removed.stdout + removed.stderr, /Active/)
  })
})

const STATES = /^(?:active|pending|suspended|backing-off|running|scheduled|completed|\d+)$/i
const FACTS =
  /^(?:<?(?:Greeter|Counter|Signup)\/.*|<?Greeter|active|pending|suspended|backing-off|running|scheduled|completed|success|failure|\[?\d+\]?.*|<awakeable>|.*>.*)$/i

async function comparable(side: Side, sql: string): Promise<Row[]> {
  const rows = (await side.rows(withIds(side, sql))).map(rounded)
  if (/order by/i.test(sql.replaceAll(/\([^()]*\)/g, ''))) return rows
  return rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

/** The last digits of a sum of fractions depend on the order of summing, which is the peer's partitions'. */
function rounded(row: Row): Row {
  const round = (value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(12)) : value
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, round(value)]))
}

function withIds(side: Side, text: string): string {
  return text.replaceAll(/<([A-Z][\w/]*(?: \d+)?)>/g, (_, target: string) => side.id(target))
}

/** The words of an output without ids, times and addresses, in any order: the tables that are shown have none of their own. */
function essentials(output: string, side: Side): string[] {
  return side
    .alike(output)
    .replaceAll(side.admin, '<admin>')
    .replaceAll(/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?: ?[A-Z]{3}|Z| \+00:00)?/g, '<time>')
    .replaceAll(/\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? \d+ \w{3} \d{4} \d\d:\d\d:\d\d \+00:00/g, '<time>')
    .replaceAll(/\b\d+(?:\.\d+)?(?: ?(?:ms|µs|milliseconds?|seconds?|minutes?|hours?|h|m|s)\b)+/g, '<span>')
    .split(/\s+/)
    .filter((word) => !/^(?:and|<span>[,.)]*|[─-╿-]*)$/.test(word))
    .toSorted()
}
