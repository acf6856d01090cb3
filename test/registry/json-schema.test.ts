import t from 'tap'
import { jsonSchemaName, jsonSchemaProblem } from '../../src/registry/json-schema.ts'

t.test('schemas that can be kept', async (t) => {
  const good: unknown[] = [
    true,
    {},
    { type: ['string', 'null'] },
    { $ref: '#/$defs/a', $defs: { a: { type: 'object' } } },
    { $id: 'https://x.example/root', $ref: 'https://x.example/root#/$defs/a', $defs: { a: {} } },
    { $defs: { a: { $id: 'https://x.example/a' } }, properties: { a: { $ref: 'https://x.example/a' } } },
    { properties: { $ref: { type: 'string' } } },
    { const: { $ref: 'https://elsewhere.example/' }, examples: [{ $ref: 'file:///etc' }] },
  ]
  for (const schema of good) t.equal(jsonSchemaProblem(schema), undefined, JSON.stringify(schema))
})

t.test('schemas that cannot', async (t) => {
  const bad: [unknown, RegExp][] = [
    ['string', /neither/],
    [[], /neither/],
    [null, /neither/],
    [7, /neither/],
    [{ type: 'text' }, /'text' is not a JSON type/],
    [{ type: 3 }, /not a JSON type/],
    [{ $ref: 'https://elsewhere.example/schema.json' }, /another document/],
    [{ anyOf: [{ items: { $ref: 'other.json#/a' } }] }, /another document/],
    [nested(129), /deeper/],
    [nested(200_000), /deeper/],
  ]
  for (const [schema, problem] of bad) t.match(jsonSchemaProblem(schema), problem)
  t.equal(jsonSchemaProblem(nested(128)), undefined)
})

t.test('names', async (t) => {
  t.equal(jsonSchemaName({ title: 'Order', type: 'object' }), 'Order')
  t.equal(jsonSchemaName({ type: 'object' }), 'object')
  t.equal(jsonSchemaName({ type: ['a'] }), undefined)
  t.equal(jsonSchemaName(true), undefined)
})

/** A schema of so many levels. */
function nested(levels: number): unknown {
  let schema: unknown = {}
  for (let level = 1; level < levels; level++) schema = { not: schema }
  return schema
}
