import t from 'tap'
import { crashRun } from './crash-run.ts'

t.test('a server that is killed ten times loses nothing that it has acknowledged', { timeout: 120_000 }, (t) =>
  crashRun(t, { invocations: 300, kills: 10 }),
)
