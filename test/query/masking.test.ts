import t from 'tap'
import { EntryType } from '../../src/core/entry-type.ts'
import type { AwaitedFuture } from '../../src/core/journal.ts'
import { encodeSetState } from '../../src/protocol/messages/set-state.ts'
import { allTables } from '../../src/query/catalogue/catalogue.ts'
import type { QueryEngine } from '../../src/query/query-engine.ts'
import type { Visibility } from '../../src/query/visibility.ts'
import { sampleDeployment, sampleEngine } from './sample-engine.ts'
import { SampleStore, startMs } from './sample-store.ts'

/** Stands in everything that callers and handlers said. */
const CONTENT = 'swordfish'
/** Stands where deployments keep credentials. */
const CREDENTIAL = 'hunter2'

/** A store with content in every place that can have some. */
async function storeFullOfSecrets(): Promise<SampleStore> {
  const store = await SampleStore.create()
  const content = Buffer.from(`"${CONTENT}"`)
  const failure = { code: 409, message: CONTENT, metadata: [[CONTENT, CONTENT] as const] }
  const lastFailure = {
    code: 500,
    message: CONTENT,
    stacktrace: `at ${CONTENT}`,
    restateCode: 'RT0007',
    relatedCommandIndex: 1,
    relatedCommandName: 'pay',
    relatedCommandType: EntryType.Run,
  }
  const retry = { countedFailures: 1, failuresSinceLastEntry: 1, lastFailure, nextAttemptAt: startMs + 9e6 }
  const events = [
    { kind: 'transient-error' as const, at: startMs, afterEntries: 1, failure: lastFailure },
    { kind: 'paused' as const, at: startMs, afterEntries: 1, failure: lastFailure },
  ]
  const headers = [['x-note', CONTENT] as const]
  const payload = encodeSetState({ name: '', key: Buffer.from('count'), value: content })
  store.invocation({
    result: { kind: 'value', value: content },
    journal: [
      { kind: 'input', headers, body: content, appendedAt: startMs },
      { kind: 'command', type: EntryType.SetState, payload, completionIds: [], appendedAt: startMs },
      {
        kind: 'notification',
        type: EntryType.Run,
        key: { kind: 'completion', id: 1 },
        result: { kind: 'failure', failure },
        appendedAt: startMs,
      },
    ],
  })
  store.invocation({ result: { kind: 'failure', failure } })
  store.invocation({ status: 'invoked', retry, events })
  store.invocation({ status: 'paused', retry, events })
  store.state('Counter', 'bob', 'count', content)
  store.promise('Signup', 'ann', 'yes', { kind: 'completed', result: { kind: 'value', value: content } })
  store.promise('Signup', 'ann', 'no', { kind: 'completed', result: { kind: 'failure', failure } })
  store.deployment({
    ...sampleDeployment,
    uri: `https://fn.example/api?code=${CREDENTIAL}`,
    additionalHeaders: [['x-plain', CREDENTIAL]],
  })
  return store
}

async function ask(engine: QueryEngine, sql: string, visibility: Visibility): Promise<string> {
  const { body } = await engine.run(sql, 'json', undefined, visibility)
  return Buffer.concat(body).toString()
}

/** Whether the bytes hold a text, in hexadecimal as JSON shows binary columns, too. */
function holds(answer: string, text: string): boolean {
  return answer.includes(text) || answer.toLowerCase().includes(Buffer.from(text).toString('hex'))
}

t.test('no table shows what may not be seen', async (t) => {
  await using store = await storeFullOfSecrets()
  await using engine = sampleEngine(store)
  const seen = { everything: new Set<string>(), content: new Set<string>(), structure: new Set<string>() }
  for (const visibility of ['everything', 'content', 'structure'] as const) {
    for (const { name } of allTables) {
      const answer = await ask(engine, `SELECT * FROM ${name}`, visibility)
      for (const secret of [CONTENT, CREDENTIAL]) if (holds(answer, secret)) seen[visibility].add(`${name} ${secret}`)
    }
  }
  const content = [
    'state',
    'sys_invocation',
    'sys_invocation_state',
    'sys_invocation_status',
    'sys_journal',
    'sys_journal_events',
    'sys_promise',
  ].map((name) => `${name} ${CONTENT}`)
  t.strictSame([...seen.everything].toSorted(), [...content, `sys_deployment ${CREDENTIAL}`].toSorted())
  t.strictSame([...seen.content].toSorted(), content)
  t.strictSame([...seen.structure], [])
})

t.test('what is masked, and what stays', async (t) => {
  await using store = await storeFullOfSecrets()
  await using engine = sampleEngine(store)
  const rows = async (sql: string) => JSON.parse(await ask(engine, sql, 'structure')).rows
  t.match(await rows('SELECT * FROM state'), [
    {
      service_name: 'Counter',
      service_key: 'bob',
      key: 'count',
      value: '222a2a2a22',
      value_utf8: '"***"',
      value_length: 11,
    },
  ])
  t.match(await rows('SELECT key, completed, completion_success_value_utf8 v, completion_failure f FROM sys_promise'), [
    { key: 'no', completed: true, f: '[409] ***' },
    { key: 'yes', completed: true, v: '"***"' },
  ])
  t.match(await rows('SELECT * FROM sys_journal WHERE raw_length > 0 AND index = 1'), [
    { entry_type: 'Command: SetState', entry_lite_json: '{"Command":{"SetState":{"key":"count"}}}' },
  ])
  t.strictSame(await rows('SELECT count(raw) r, count(entry_json) j, count(*) n FROM sys_journal WHERE index = 1'), [
    { r: 0, j: 0, n: 1 },
  ])
  t.match(await rows(`SELECT completion_failure FROM sys_invocation WHERE completion_result = 'failure'`), [
    { completion_failure: '[409] ***' },
  ])
  t.match(await rows(`SELECT last_failure, last_failure_error_code FROM sys_invocation WHERE status = 'backing-off'`), [
    { last_failure: '[500 Internal] ***', last_failure_error_code: 'RT0007' },
  ])
  t.strictSame(
    JSON.parse((await rows(`SELECT event_json FROM sys_journal_events WHERE event_type = 'Paused'`))[0].event_json),
    {
      ty: 'Paused',
      last_failure: {
        error_code: 500,
        error_message: '***',
        restate_doc_error_code: 'RT0007',
        related_command_index: 1,
        related_command_name: 'pay',
        related_command_type: 'Run',
      },
    },
  )
  t.match(await rows('SELECT endpoint FROM sys_deployment'), [{ endpoint: 'https://fn.example/api?***' }])
})

t.test('no condition, order, aggregate or function tells what is behind the mask', async (t) => {
  await using store = await storeFullOfSecrets()
  await using engine = sampleEngine(store)
  for (const sql of [
    `SELECT count(*) AS n FROM state WHERE value_utf8 LIKE '%${CONTENT}%'`,
    `SELECT count(*) AS n FROM state WHERE CAST(value AS VARCHAR) LIKE '%sword%'`,
    `SELECT count(*) AS n FROM state GROUP BY value_utf8 HAVING max(value_utf8) > '"***"'`,
    `SELECT count(*) AS n FROM sys_journal WHERE entry_json LIKE '%sword%'`,
    `SELECT count(*) AS n FROM sys_journal WHERE json_as_text(entry_json, 'Command') LIKE '%Input%'`,
    `SELECT count(*) AS n FROM sys_invocation WHERE completion_failure LIKE '%sword%'`,
    `SELECT count(*) AS n FROM sys_invocation_status WHERE completion_failure > '[409] a'`,
    `SELECT count(*) AS n FROM sys_invocation_state WHERE strpos(last_failure, 'sword') > 0`,
    `SELECT count(*) AS n FROM sys_promise WHERE completion_success_value_utf8 LIKE '%sword%'`,
    `SELECT count(*) AS n FROM sys_journal_events WHERE event_json LIKE '%sword%'`,
    `SELECT count(*) AS n FROM sys_deployment WHERE endpoint LIKE '%hunter%'`,
    `SELECT count(*) AS n FROM (SELECT value_utf8 AS v FROM state) x JOIN sys_invocation ON x.v LIKE '%sword%'`,
  ]) {
    const count = async (visibility: Visibility) => JSON.parse(await ask(engine, sql, visibility)).rows[0]?.n ?? 0
    t.not(await count('everything'), 0, `without the mask: ${sql}`)
    t.equal(await count('structure'), 0, sql)
  }
  for (const hidden of ['"#result"', '"#status"']) {
    await t.rejects(ask(engine, `SELECT ${hidden} FROM sys_invocation`, 'structure'), { message: /No field named/ })
  }
  await t.rejects(ask(engine, 'SELECT value FROM main.state', 'structure'), { message: /not found/ })
  const cast = await ask(engine, 'SELECT CAST(value_utf8 AS BIGINT) FROM state', 'structure').catch(String)
  t.notOk(holds(cast, CONTENT), cast)
})

t.test('a suspension is shown to all, however many levels it has', async (t) => {
  await using store = await SampleStore.create()
  const leaf: AwaitedFuture = {
    waitingCompletions: [1],
    waitingSignals: [],
    waitingNamedSignals: [],
    nestedFutures: [],
    combinator: 'unknown',
  }
  let future = leaf
  for (let level = 1; level < 1000; level += 1) {
    future = { ...leaf, waitingCompletions: [], nestedFutures: [future], combinator: 'all-completed' }
  }
  const awaiting = { completions: [1], signals: [], namedSignals: [], seenEntries: 0, future }
  store.invocation({
    status: 'suspended',
    awaiting,
    events: [{ kind: 'suspended', at: startMs, afterEntries: 1, awaiting }],
  })
  await using engine = sampleEngine(store)
  const sql = 'SELECT event_type, event_json FROM sys_journal_events'
  const answer = await ask(engine, sql, 'structure')
  t.match(answer, /"event_type":"Suspended"/)
  t.equal(answer, await ask(engine, sql, 'everything'))
})
