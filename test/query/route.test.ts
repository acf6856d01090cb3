import { tableFromIPC } from 'apache-arrow'
import t from 'tap'
import { testAdmin } from '../admin/admin-app.ts'
import { sampleEngine } from './sample-engine.ts'
import { SampleStore } from './sample-store.ts'

t.test('POST /query', async (t) => {
  await using store = await SampleStore.create()
  await using query = sampleEngine(store, { maxSqlBytes: 1000 })
  await using admin = testAdmin({ query })
  const post = (sql: unknown, headers: Record<string, string> = {}, url = '/query') =>
    admin.app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', ...headers },
      payload: JSON.stringify({ query: sql }),
    })

  for (const url of ['/query', '/v2/query', '/v3/query', '/v4/query']) {
    const answer = await post('SELECT 1 AS a', { accept: 'application/json' }, url)
    t.equal(answer.statusCode, 200)
    t.equal(answer.headers['content-type'], 'application/json', 'letter by letter')
    t.equal(answer.body, '{"rows":[{"a":1}]}')
  }
  for (const accept of [undefined, '*/*', 'application/json;q=1', 'application/json, text/plain', 'text/csv']) {
    const answer = await post('SELECT 1 AS a', accept === undefined ? {} : { accept })
    t.equal(answer.headers['content-type'], 'application/vnd.apache.arrow.stream', `accept: ${accept}`)
    t.equal(tableFromIPC(answer.rawPayload).get(0)?.a, 1n)
  }
  for (const [sql, status, message] of [
    ['SELEC x', 400, /^SQL error: /],
    ['', 400, /No SQL statements were provided in the query string/],
    ['SELECT * FROM nope', 500, /table 'restate.public.nope' not found/],
    ['SELECT nope FROM sys_service', 500, /No field named nope\. Valid fields are sys_service\.name, /],
    ['SELECT foo(1)', 500, /Invalid function 'foo'/],
    ['DROP TABLE state', 400, /read-only/],
    [`SELECT id FROM sys_invocation WHERE id = 'foo'`, 500, /non valid invocation id/],
    [`SELECT '${'x'.repeat(1000)}'`, 400, /longer than 1000 bytes/],
  ] as const) {
    const answer = await post(sql, { accept: 'application/json' })
    t.equal(answer.statusCode, status, sql)
    t.equal(answer.headers['content-type'], 'application/json')
    t.strictSame(Object.keys(answer.json()), ['message'])
    t.match(answer.json().message, message)
  }
  t.match(await post(5), { statusCode: 422 })
  t.match(await post(undefined), { statusCode: 422 })
  t.match(await post('SELECT 1', { 'content-type': 'text/plain' }), { statusCode: 415 })
  t.match(
    await admin.app.inject({
      method: 'POST',
      url: '/query',
      headers: { 'content-type': 'application/json' },
      payload: '{',
    }),
    { statusCode: 400 },
  )
  t.match(
    await admin.app.inject({
      method: 'POST',
      url: '/query',
      headers: { 'content-type': 'application/json' },
      payload: Buffer.alloc(2 * 1024 * 1024 + 1, 32),
    }),
    { statusCode: 413 },
  )
  t.match(await admin.app.inject({ method: 'GET', url: '/v4/query' }), { statusCode: 405, headers: { allow: 'POST' } })
})
