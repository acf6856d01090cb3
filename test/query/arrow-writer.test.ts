import { tableFromIPC } from 'apache-arrow'
import t from 'tap'
import { ArrowWriter } from '../../src/query/encode/arrow-writer.ts'
import { date, int64, textList } from '../../src/query/sql-type.ts'

t.test('a column is declared to have always a value only if it had', async (t) => {
  const writer = new ArrowWriter([
    { name: 'all', type: int64, nullable: false },
    { name: 'some', type: int64, nullable: false },
    { name: 'open', type: int64, nullable: true },
    { name: 'day', type: date, nullable: false },
    { name: 'list', type: textList, nullable: true },
  ])
  // More than one batch, and NULL only in the last.
  for (let i = 0; i < 5000; i += 1) writer.row([BigInt(i), 1n, 1n, 86_400_000n, '["a",null]'])
  writer.row([5000n, null, 1n, 0n, null])
  const table = tableFromIPC(Buffer.concat(writer.finish()))
  t.equal(table.numRows, 5001)
  t.ok(table.batches.length > 1)
  t.strictSame(
    table.schema.fields.map(({ name, type, nullable }) => `${name} ${type} ${nullable}`),
    ['all Int64 false', 'some Int64 true', 'open Int64 true', 'day Date32<DAY> false', 'list List<LargeUtf8> true'],
  )
  t.equal(table.getChild('some')?.get(5000), null)
  t.equal(table.getChild('all')?.get(5000), 5000n)
  t.equal(new Date(Number(table.getChild('day')?.get(0))).toISOString(), '1970-01-02T00:00:00.000Z')
})
