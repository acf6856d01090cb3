import t from 'tap'
import type { Corner } from './corner.ts'
import { Environment } from './environment.ts'
import { cancelAndKill } from './rows/cancel-kill.ts'
import { deployments } from './rows/deployments.ts'
import { journal } from './rows/journal.ts'
import { objects } from './rows/objects.ts'
import { retentionAndDurability } from './rows/retention-durability.ts'
import { retries } from './rows/retries.ts'
import { submission } from './rows/submission.ts'
import { workflows } from './rows/workflows.ts'

/** The corner cases of the engine, each named; one file a theme. */
const table: readonly Corner[] = [
  ...submission,
  ...objects,
  ...workflows,
  ...journal,
  ...cancelAndKill,
  ...retries,
  ...deployments,
  ...retentionAndDurability,
]
const ROWS = 98

const environment = await Environment.start(t)

t.test('the table has every row once, in order', async (t) => {
  t.same(
    table.map(({ row }) => row),
    Array.from({ length: ROWS }, (_, index) => index + 1),
  )
  t.equal(new Set(table.map(({ name }) => name)).size, ROWS)
  t.ok(table.every(({ ways }) => ways.core !== undefined || ways.sdk !== undefined))
})

/** Most rows wait most of the time. */
t.jobs = 12

for (const { row, name, ways } of table) {
  const { core, sdk, restate } = ways
  const title = `${row}. ${name}${restate === undefined ? '' : ` (Restate 1.7: ${restate})`}`
  if (core !== undefined) t.test(`${title}, in the core`, async (t) => core(t))
  if (sdk !== undefined) t.test(`${title}, with the SDK`, { buffered: true }, (t) => sdk(t, environment))
}
