import { informationSchema } from './information-schema.ts'
import { state } from './state.ts'
import { sysDeployment } from './sys-deployment.ts'
import { sysInbox } from './sys-inbox.ts'
import { sysInvocation } from './sys-invocation.ts'
import { sysInvocationState } from './sys-invocation-state.ts'
import { sysInvocationStatus } from './sys-invocation-status.ts'
import { sysJournal } from './sys-journal.ts'
import { sysJournalEvents } from './sys-journal-events.ts'
import { sysKeyedServiceStatus } from './sys-keyed-service-status.ts'
import { sysLocks } from './sys-locks.ts'
import { sysPromise } from './sys-promise.ts'
import { sysRules } from './sys-rules.ts'
import { sysScheduler } from './sys-scheduler.ts'
import { sysService } from './sys-service.ts'
import { sysUserLimits } from './sys-user-limits.ts'
import { sysVqueueEntryStatus } from './sys-vqueue-entry-status.ts'
import { sysVqueueMeta } from './sys-vqueue-meta.ts'
import { sysVqueues } from './sys-vqueues.ts'
import type { CatalogueTable } from './table.ts'

/** The tables that a query may name, as the peer (1.7.12) has them. */
const publicTables: readonly CatalogueTable[] = [
  state,
  sysDeployment,
  sysInbox,
  sysInvocation,
  sysInvocationState,
  sysInvocationStatus,
  sysJournal,
  sysJournalEvents,
  sysKeyedServiceStatus,
  sysLocks,
  sysPromise,
  sysRules,
  sysScheduler,
  sysService,
  sysUserLimits,
  sysVqueueEntryStatus,
  sysVqueueMeta,
  sysVqueues,
]

export const catalogueName = 'restate'
export const defaultSchema = 'public'

const schemas: ReadonlyMap<string, readonly CatalogueTable[]> = new Map([
  [defaultSchema, publicTables],
  ['information_schema', informationSchema(publicTables)],
])

/** Every table that SQLite needs a view for. */
export const allTables: readonly CatalogueTable[] = [...schemas.values()].flat()

/** A table by the parts of its name: `[catalogue, [schema,]] table`. */
export function findTable(path: readonly string[]): CatalogueTable | undefined {
  const [name, schema = defaultSchema, catalogue = catalogueName, ...rest] = path.toReversed()
  if (rest.length > 0 || catalogue !== catalogueName) return undefined
  const shortName = ({ name: known }: CatalogueTable) => known.slice(known.lastIndexOf('.') + 1)
  return schemas.get(schema)?.find((table) => shortName(table) === name)
}

/** The whole name of a table, for errors. */
export function fullName(path: readonly string[]): string {
  return [catalogueName, defaultSchema]
    .slice(0, Math.max(0, 3 - path.length))
    .concat(path)
    .join('.')
}
