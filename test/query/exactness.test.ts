import t from 'tap'
import { sampleEngine } from './sample-engine.ts'
import { SampleStore } from './sample-store.ts'

t.test('what JavaScript would round, or take for something else, stays what it is', async (t) => {
  await using store = await SampleStore.create()
  await using engine = sampleEngine(store)
  const textOf = async (sql: string) => Buffer.concat((await engine.run(sql, 'json')).body).toString()
  const large = '(SELECT 9007199254740993 AS x UNION ALL SELECT 1 UNION ALL SELECT NULL)'
  t.equal(
    await textOf(`SELECT bit_or(x) a, bit_and(x) b, bit_xor(x) c FROM ${large}`),
    '{"rows":[{"a":9007199254740993,"b":1,"c":9007199254740992}]}',
  )
  t.equal(await textOf('SELECT bit_and(x) a FROM (SELECT -1 AS x UNION ALL SELECT -4)'), '{"rows":[{"a":-4}]}')
  t.equal(await textOf('SELECT bit_and(x) a FROM (SELECT 1 AS x WHERE false)'), '{"rows":[{}]}')
  t.equal(
    await textOf('SELECT make_date(50, 2, 28) a, make_date(2024, 2, 29) b'),
    '{"rows":[{"a":"0050-02-28","b":"2024-02-29"}]}',
  )
})

t.test('patterns mean what they mean to the peer, or are refused', async (t) => {
  await using store = await SampleStore.create()
  await using engine = sampleEngine(store)
  const matches = async (text: string, pattern: string) => {
    const { body } = await engine.run(`SELECT regexp_like(${text}, '${pattern}') a`, 'json')
    return JSON.parse(Buffer.concat(body).toString()).rows[0].a
  }
  t.equal(await matches('chr(13)', '^.$'), true, 'a dot is anything but a line feed')
  t.equal(await matches('chr(10)', '^.$'), false)
  t.equal(await matches('chr(10)', '(?s)^.$'), true)
  t.equal(await matches(`'a.b'`, 'a[.]b'), true)
  t.equal(await matches(`'a-b&c'`, '^[a-c&-]+$'), true)
  for (const pattern of ['[a-z&&b]', '[a-z--b]', '[a~~b]'])
    await t.rejects(matches(`'a'`, pattern), { message: /operations on classes are not supported/ }, pattern)
})
