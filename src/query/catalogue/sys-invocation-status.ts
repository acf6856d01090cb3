import { largeText } from '../sql-type.ts'
import * as columns from './invocation-columns.ts'
import { type CatalogueTable, partitionKey } from './table.ts'

export const sysInvocationStatus: CatalogueTable = {
  name: 'sys_invocation_status',
  kind: 'BASE TABLE',
  columns: [
    partitionKey('x_partition_key_of_id(i.id)'),
    columns.id,
    { name: 'vqueue_id', type: largeText },
    columns.status,
    ...columns.completion,
    ...columns.targetColumns,
    columns.invokedBy,
    columns.invokedById,
    columns.invokedBySubscriptionId,
    columns.invokedByServiceName,
    columns.invokedByTarget,
    ...columns.progressColumns,
  ],
  hidden: columns.hiddenColumns,
  from: 'main.invocation i',
  openFrom: `${columns.openInvocations.table} WHERE ${columns.openInvocations.condition}`,
}
