import { largeText } from '../sql-type.ts'
import * as columns from './invocation-columns.ts'
import { shownStatus } from './status-words.ts'
import type { CatalogueTable, Column } from './table.ts'

const { attemptColumns: attempt } = columns

const status: Column = {
  name: 'status',
  type: largeText,
  sql: `CASE i.status WHEN 'inboxed' THEN 'pending' WHEN 'invoked' THEN ${columns.invokedStatus} ELSE i.status END`,
  notNull: true,
  isRequired: true,
  stored: { kind: 'status', column: '#status', words: shownStatus },
}

/** Status and state of every invocation in one row. */
export const sysInvocation: CatalogueTable = {
  name: 'sys_invocation',
  kind: 'VIEW',
  columns: [
    columns.id,
    { name: 'vqueue_id', type: largeText },
    ...columns.targetColumns,
    columns.invokedBy,
    columns.invokedByServiceName,
    columns.invokedById,
    columns.invokedBySubscriptionId,
    columns.invokedByTarget,
    ...columns.progressColumns,
    ...[
      attempt.retryCount,
      attempt.lastStartAt,
      attempt.nextRetryAt,
      attempt.lastDeployment,
      attempt.lastServer,
      attempt.lastFailure,
      attempt.lastFailureCode,
      attempt.entryIndex,
      attempt.entryName,
      attempt.entryType,
      attempt.commandIndex,
      attempt.commandName,
      attempt.commandType,
      attempt.awaitingOn,
    ].map(whileAttempted),
    status,
    ...columns.completion,
  ],
  hidden: columns.hiddenColumns,
  from: 'main.invocation i LEFT JOIN temp.live l ON l.seq = i.seq',
  openFrom: `${columns.openInvocations.table} LEFT JOIN temp.live l ON l.seq = i.seq WHERE ${columns.openInvocations.condition}`,
}

function whileAttempted(column: Column): Column {
  const { sql, secret } = column
  if (sql === undefined) return column
  const only = (shown: string) => `CASE WHEN ${columns.isAttempted} THEN ${shown} END`
  return {
    ...column,
    sql: only(sql),
    ...(secret !== undefined && { secret: { ...secret, masked: only(secret.masked) } }),
  }
}
