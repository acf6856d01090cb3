import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import t from 'tap'
import { PerdureError } from '../../src/errors/perdure-error.ts'
import { sampleDeployment, sampleEngine } from './sample-engine.ts'
import { deploymentId, SampleStore, sampleId } from './sample-store.ts'

/** Every SQL text that the official CLI 1.7.12 was heard to send, with the status that the official server gave. */
t.test('the SQL of the official CLI', async (t) => {
  await using store = await SampleStore.create()
  store.deployment(sampleDeployment)
  store.invocation()
  store.state('Counter', 'alice', 'count', Buffer.from('1'))
  await using engine = sampleEngine(store)
  const text = await readFile(join(import.meta.dirname, 'cli-sql.txt'), 'utf8')
  const queries = text.split(/^-- .*status \{(\d+)\}\n/m).slice(1)
  t.ok(queries.length / 2 >= 60, 'all are there')
  for (let place = 0; place < queries.length; place += 2) {
    const status = Number(queries[place])
    const sql = (queries[place + 1] ?? '')
      .trim()
      .replaceAll('<INV>', sampleId(1))
      .replaceAll('<DP>', deploymentId)
      .replaceAll("',...)", "')")
    if (status !== 200) {
      const error = await engine.run(sql, 'json').catch((reason: unknown) => reason)
      t.match(error, { status }, sql)
      continue
    }
    const json = await engine.run(sql, 'json')
    t.equal(json.contentType, 'application/json')
    const { rows } = JSON.parse(Buffer.concat(json.body).toString())
    const arrow = tableFromIPC(Buffer.concat((await engine.run(sql, 'arrow')).body))
    t.equal(arrow.numRows, rows.length, sql)
  }
})

interface Recorded {
  readonly sql: string
  readonly status: number
  /** For status 200; what errors say is ours. */
  readonly body?: string
}

/** Recorded from the official server 1.7.12 without data: types, operators, functions, names of columns, errors. */
t.test('the dialect', async (t) => {
  await using store = await SampleStore.create()
  await using engine = sampleEngine(store)
  const recorded: readonly Recorded[] = JSON.parse(await readFile(join(import.meta.dirname, 'dialect.json'), 'utf8'))
  for (const { sql, status, body } of recorded) {
    try {
      const answer = await engine.run(sql, 'json')
      t.equal(Buffer.concat(answer.body).toString(), body ?? `status ${status}`, sql)
    } catch (error) {
      t.ok(error instanceof PerdureError, sql, { error })
      t.equal(error instanceof PerdureError ? error.status : 0, status, sql, { error })
    }
  }
})
