import { bool } from '../sql-type.ts'
import { attemptColumns as attempt, id, isAttempted, openInvocations } from './invocation-columns.ts'
import { type CatalogueTable, partitionKey } from './table.ts'

/** What the invoker does. */
export const sysInvocationState: CatalogueTable = {
  name: 'sys_invocation_state',
  kind: 'BASE TABLE',
  columns: [
    partitionKey('x_partition_key_of_id(i.id)'),
    id,
    { name: 'in_flight', type: bool, sql: 'coalesce(l.in_flight, 0)' },
    attempt.retryCount,
    attempt.lastStartAt,
    attempt.lastDeployment,
    attempt.lastServer,
    attempt.nextRetryAt,
    attempt.lastFailure,
    attempt.lastFailureCode,
    attempt.commandIndex,
    attempt.commandName,
    attempt.commandType,
    attempt.entryIndex,
    attempt.entryName,
    attempt.entryType,
    attempt.awaitingOn,
  ],
  from: `${openInvocations.table} LEFT JOIN temp.live l ON l.seq = i.seq WHERE ${openInvocations.condition} AND ${isAttempted}`,
}
