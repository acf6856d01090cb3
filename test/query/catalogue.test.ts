import { tableFromIPC } from 'apache-arrow'
import t from 'tap'
import { EntryType } from '../../src/core/entry-type.ts'
import { encodeRun } from '../../src/protocol/messages/run.ts'
import { allTables } from '../../src/query/catalogue/catalogue.ts'
import { typeName } from '../../src/query/sql-type.ts'
import { inFlight, rowsOf, sampleDeployment, sampleEngine } from './sample-engine.ts'
import { deploymentId, type SampleInvocation, SampleStore, sampleId, startMs } from './sample-store.ts'

const bob = (more: SampleInvocation = {}): SampleInvocation => ({
  ...more,
  target: { service: 'Counter', serviceType: 'VirtualObject', key: 'bob', handler: 'add', handlerType: 'Exclusive' },
})

const boom = {
  code: 500,
  message: 'boom',
  stacktrace: 'at f',
  restateCode: 'RT0007',
  relatedCommandIndex: 2,
  relatedCommandName: 'pay',
  relatedCommandType: EntryType.Run,
}

t.test('every table answers with all of its columns, in JSON and in Arrow', async (t) => {
  await using store = await SampleStore.create()
  await using engine = sampleEngine(store)
  for (const { name, columns } of allTables) {
    const table = tableFromIPC(Buffer.concat((await engine.run(`SELECT * FROM ${name}`, 'arrow')).body))
    t.strictSame(
      table.schema.fields.map((field) => field.name),
      columns.map((column) => column.name),
      name,
    )
    await rowsOf(engine, `SELECT * FROM ${name} LIMIT 1`)
  }
  const described = await rowsOf(engine, 'DESCRIBE sys_invocation_status')
  t.equal(described.length, 38)
  t.strictSame(
    described.map(({ data_type }) => data_type),
    allTables.find(({ name }) => name === 'sys_invocation_status')?.columns.map(({ type }) => typeName(type)),
  )
})

t.test('a paused invocation still shows why', async (t) => {
  await using store = await SampleStore.create()
  const retry = { countedFailures: 2, failuresSinceLastEntry: 1, lastFailure: boom, nextAttemptAt: startMs + 9_000_000 }
  store.invocation({ status: 'paused', retry, failedAttempts: 2 })
  store.invocation({ status: 'paused' })
  await using engine = sampleEngine(store)
  for (const table of ['sys_invocation', 'sys_invocation_state']) {
    const sql = `SELECT retry_count, last_failure, next_retry_at FROM ${table} WHERE retry_count IS NOT NULL`
    const rows = await rowsOf(engine, sql)
    t.match(rows, [{ retry_count: 2, last_failure: /boom/ }], table)
    t.equal(rows[0]?.next_retry_at, undefined, 'nothing is due')
  }
})

t.test('an invocation in each state', async (t) => {
  await using store = await SampleStore.create()
  store.invocation({ idempotencyKey: 'once' })
  store.invocation({ result: { kind: 'failure', failure: { code: 409, message: 'killed' } } })
  store.invocation(
    bob({ status: 'suspended', awaiting: { completions: [1], signals: [17], namedSignals: ['go'], seenEntries: 1 } }),
  )
  store.invocation(bob({ status: 'inboxed', queueOrder: 7, startedAt: undefined }))
  store.invocation({ status: 'scheduled', executionTime: startMs + 9_000_000, startedAt: undefined })
  store.invocation({ status: 'invoked' })
  store.invocation({ status: 'invoked' })
  const retry = { countedFailures: 2, failuresSinceLastEntry: 1, lastFailure: boom, nextAttemptAt: startMs + 4_000_000 }
  store.invocation({ status: 'invoked', retry, failedAttempts: 2 })
  store.invocation({
    status: 'paused',
    source: { kind: 'service', caller: sampleId(1), callerTarget: 'Greeter/greet' },
  })
  await using engine = sampleEngine(store, {}, { live: () => [inFlight(6), { ...inFlight(8), isInFlight: false }] })

  const rows = await rowsOf(engine, 'SELECT * FROM sys_invocation ORDER BY created_at')
  t.strictSame(
    rows.map(({ status }) => status),
    ['completed', 'completed', 'suspended', 'pending', 'scheduled', 'running', 'ready', 'backing-off', 'paused'],
  )
  t.match(rows[0], {
    id: sampleId(1),
    target: 'Greeter/greet',
    target_service_ty: 'service',
    idempotency_key: 'once',
    invoked_by: 'ingress',
    completion_result: 'success',
    created_at: '2026-11-21T17:00:01Z',
    completed_at: '2026-11-21T17:00:01.010Z',
    completion_retention: 'PT86400S',
    pinned_deployment_id: deploymentId,
    pinned_service_protocol_version: 6,
    journal_size: 1,
  })
  t.notHas(rows[0], { target_service_key: {} })
  t.notHas(rows[0], { retry_count: {} })
  t.match(rows[1], { completion_result: 'failure', completion_failure: '[409] killed' })
  t.match(rows[2], {
    target: 'Counter/bob/add',
    suspended_waiting_for_completions: [1],
    suspended_waiting_for_signals: [17],
    suspended_waiting_future_json:
      '{"Unknown":[{"Single":{"CompletionId":1}},{"Single":{"SignalIndex":17}},{"Single":{"SignalName":"go"}}]}',
  })
  t.match(rows[4], { scheduled_start_at: '2026-11-21T19:30:00Z' })
  t.match(rows[5], { retry_count: 1, last_start_at: '2026-11-21T17:00:05Z', last_attempt_server: 'sdk/1' })
  t.match(rows[7], {
    retry_count: 2,
    next_retry_at: '2026-11-21T18:06:40Z',
    last_failure: '[500 Internal] boom\nat f',
    last_failure_error_code: 'RT0007',
    last_failure_related_command_index: 2,
    last_failure_related_command_name: 'pay',
    last_failure_related_command_type: 'Run',
    last_attempt_deployment_id: deploymentId,
  })
  t.match(rows[8], {
    invoked_by: 'service',
    invoked_by_id: sampleId(1),
    invoked_by_service_name: 'Greeter',
    invoked_by_target: 'Greeter/greet',
  })

  const count = async (where: string) =>
    Number((await rowsOf(engine, `SELECT count(*) n FROM sys_invocation WHERE ${where}`))[0]?.n)
  for (const [where, expected] of [
    [`status != 'completed'`, 7],
    [`status = 'completed'`, 2],
    [`status IN ('running', 'pending')`, 2],
    [`status NOT IN ('completed', 'running')`, 6],
    [`status = 'backing-off' OR status = 'ready'`, 2],
    [`status != 'ready'`, 8],
    [`NOT (status = 'completed')`, 7],
    [`status = 'nonsense'`, 0],
    [`status LIKE '%ed'`, 5],
    [`completion_result = 'failure'`, 1],
    [`completion_result != 'failure'`, 1],
    [`target LIKE 'Counter/%'`, 2],
    [`target = 'Greeter/greet'`, 7],
    [`target_service_key = 'bob' AND status = 'pending'`, 1],
    [`id = '${sampleId(3)}' AND status != 'completed'`, 1],
    [`created_at >= '2026-11-21T17:00:08Z'`, 2],
    [`now() - created_at > interval '59 minutes 54 seconds'`, 5],
  ] as const) {
    t.equal(await count(where), expected, where)
  }
  t.match(await rowsOf(engine, 'SELECT * FROM sys_invocation_state ORDER BY retry_count'), [
    { in_flight: false, retry_count: 0 },
    { in_flight: true, retry_count: 1 },
    { in_flight: false, retry_count: 2 },
  ])
  t.match(await rowsOf(engine, 'SELECT * FROM sys_inbox'), [
    { service_name: 'Counter', service_key: 'bob', id: sampleId(4), sequence_number: 7 },
  ])
  t.match(await rowsOf(engine, 'SELECT * FROM sys_keyed_service_status'), [
    { service_key: 'bob', invocation_id: sampleId(3) },
  ])
})

t.test('journals and events', async (t) => {
  await using store = await SampleStore.create()
  const at = startMs
  store.invocation({
    journal: [
      { kind: 'input', headers: [['a', 'b']], body: Buffer.from([0, 255]), appendedAt: at },
      {
        kind: 'command',
        type: EntryType.Run,
        payload: encodeRun({ resultCompletionId: 1, name: 'pay' }),
        completionIds: [1],
        appendedAt: at + 1,
      },
      {
        kind: 'notification',
        type: EntryType.RunCompletion,
        key: { kind: 'completion', id: 1 },
        result: { kind: 'value', value: Buffer.from('7') },
        appendedAt: at + 2,
      },
      { kind: 'command', type: EntryType.Run, payload: Buffer.from([0xff]), completionIds: [], appendedAt: at + 3 },
    ],
    events: [
      { kind: 'transient-error', afterEntries: 2, at, failure: boom },
      { kind: 'paused', afterEntries: 2, at: at + 1, failure: undefined },
    ],
  })
  store.invocation()
  await using engine = sampleEngine(store)
  const rows = await rowsOf(engine, `SELECT * FROM sys_journal WHERE id = '${sampleId(1)}' ORDER BY index`)
  t.match(rows, [
    { index: 0, entry_type: 'Command: Input', name: '', version: 2, entry_lite_json: '{"Command":{"Input":{}}}' },
    {
      index: 1,
      entry_type: 'Command: Run',
      name: 'pay',
      entry_json: '{"Command":{"Run":{"completion_id":1,"name":"pay"}}}',
    },
    { index: 2, entry_type: 'Notification: Run', appended_at: '2026-11-21T17:00:00.002Z', raw_length: 7 },
    { index: 3, entry_type: 'Command: Run', entry_json: '{"Command":{"Run":{}}}' },
  ])
  t.equal(
    rows[0]?.entry_json,
    '{"Command":{"Input":{"headers":[{"name":"a","value":"b"}],"payload":[0,255],"name":""}}}',
  )
  t.equal(rows[2]?.entry_json, '{"Notification":{"Completion":{"Run":{"completion_id":1,"result":{"Success":[55]}}}}}')
  t.notHas(rows[2], { name: {} })
  t.equal((await rowsOf(engine, 'SELECT count(*) n FROM sys_journal'))[0]?.n, 5)
  t.match(await rowsOf(engine, `SELECT * FROM sys_journal_events ORDER BY appended_at`), [
    {
      id: sampleId(1),
      after_journal_entry_index: 1,
      event_type: 'TransientError',
      event_json: /^\{"ty":"TransientError","error_code":500,"error_message":"boom"/,
    },
    { event_type: 'Paused', event_json: '{"ty":"Paused","last_failure":null}' },
  ])
})

t.test('state, promises, services and deployments', async (t) => {
  await using store = await SampleStore.create()
  store.state('Counter', 'bob', 'count', Buffer.from('3'))
  store.state('Counter', 'bob', 'bytes', Buffer.from([0xff, 0x00]))
  store.promise('Signup', 'u1', 'open', { kind: 'open', listeners: [] })
  store.promise('Signup', 'u1', 'yes', { kind: 'completed', result: { kind: 'value', value: Buffer.from('1') } })
  store.promise('Signup', 'u1', 'no', {
    kind: 'completed',
    result: { kind: 'failure', failure: { code: 409, message: 'x' } },
  })
  store.deployment(sampleDeployment)
  store.deployment({
    ...sampleDeployment,
    id: `${deploymentId.slice(0, -1)}m` as typeof deploymentId,
    services: sampleDeployment.services.slice(1, 2).map((old) => ({ ...old, revision: 4 })),
  })
  await using engine = sampleEngine(store)
  t.strictSame(
    await rowsOf(engine, 'SELECT key, key_length, value, value_utf8, value_length FROM state ORDER BY key'),
    [
      { key: 'bytes', key_length: 5, value: 'ff00', value_length: 2 },
      { key: 'count', key_length: 5, value: '33', value_utf8: '3', value_length: 1 },
    ],
  )
  t.strictSame(
    await rowsOf(engine, `SELECT key FROM state WHERE "value" = '3' AND value LIKE '%3%' AND value IN ('3', '4')`),
    [{ key: 'count' }],
  )
  const whole = Buffer.concat((await engine.run('SELECT partition_key FROM state LIMIT 1', 'json')).body).toString()
  t.equal(whole, '{"rows":[{"partition_key":5312490486819645925}]}', 'all 64 bits')
  t.equal((await rowsOf(engine, 'SELECT key FROM state WHERE partition_key = 5312490486819645925')).length, 2)
  t.strictSame(
    await rowsOf(
      engine,
      'SELECT key, completed, completion_success_value v, completion_success_value_utf8 t, completion_failure f FROM sys_promise ORDER BY key',
    ),
    [
      { key: 'no', completed: true, f: '[409] x' },
      { key: 'open', completed: false },
      { key: 'yes', completed: true, v: '31', t: '1' },
    ],
  )
  t.strictSame(await rowsOf(engine, 'SELECT name, ty, revision, public FROM sys_service ORDER BY name'), [
    { name: 'Counter', ty: 'virtual_object', revision: 4, public: true },
    { name: 'Greeter', ty: 'service', revision: 1, public: true },
    { name: 'Hidden', ty: 'workflow', revision: 1, public: false },
  ])
  const [deployment] = await rowsOf(engine, `SELECT * FROM sys_deployment WHERE id = '${deploymentId}'`)
  t.match(deployment, {
    ty: 'http',
    endpoint: 'http://localhost:9080/',
    services: ['Greeter', 'Counter', 'Hidden'],
    max_service_protocol_version: 6,
  })
  t.notMatch(JSON.stringify(deployment), /secret/)
})

t.test('Arrow has the types of the catalogue', async (t) => {
  await using store = await SampleStore.create()
  store.invocation()
  store.state('Counter', 'bob', 'count', Buffer.from('3'))
  store.deployment(sampleDeployment)
  await using engine = sampleEngine(store)
  const read = async (sql: string) => tableFromIPC(Buffer.concat((await engine.run(sql, 'arrow')).body))
  const table = await read(
    'SELECT id, created_at, completion_retention, journal_size, retry_count, partition_key, suspended_waiting_for_completions, suspended_waiting_for_signals FROM sys_invocation_status JOIN (SELECT id AS other, retry_count FROM sys_invocation) x ON other = id',
  )
  t.strictSame(
    table.schema.fields.map(({ type }) => String(type)),
    [
      'LargeUtf8',
      'Timestamp<MILLISECOND, +00:00>',
      'Duration<MILLISECOND>',
      'Uint32',
      'Uint64',
      'Uint64',
      'List<Uint32>',
      'List<Uint32>',
    ],
  )
  t.equal(table.get(0)?.id, sampleId(1))
  t.equal(Number(table.get(0)?.created_at), startMs + 1000)
  t.equal(table.get(0)?.completion_retention, 86_400_000n)
  t.equal(table.get(0)?.retry_count, null)
  const state = await read('SELECT value, value_length, partition_key FROM state')
  t.strictSame(
    state.schema.fields.map(({ type }) => String(type)),
    ['LargeBinary', 'Uint64', 'Uint64'],
  )
  t.strictSame(Buffer.from(state.get(0)?.value), Buffer.from('3'))
  t.equal(state.get(0)?.partition_key, 5312490486819645925n)
  const services = await read('SELECT services, true AS b, 1.5 AS f, now() AS n FROM sys_deployment')
  t.strictSame([...(services.get(0)?.services ?? [])], ['Greeter', 'Counter', 'Hidden'])
  t.equal(services.get(0)?.b, true)
  t.equal(services.get(0)?.f, 1.5)
  t.equal(Number(services.get(0)?.n), startMs + 3_600_000)
  const count = await read('SELECT COUNT(1) FROM state')
  t.equal(String(count.schema.fields[0]?.type), 'Int64')
  t.equal(count.getChildAt(0)?.get(0), 1n)
  const empty = await read('SELECT id FROM sys_invocation WHERE 1=0')
  t.equal(empty.numRows, 0)
  t.equal(empty.schema.fields[0]?.name, 'id')
  const many = await read(
    `SELECT a.column_name FROM information_schema.columns a, information_schema.columns b LIMIT 10000`,
  )
  t.equal(many.numRows, 10_000, 'several batches')
})
