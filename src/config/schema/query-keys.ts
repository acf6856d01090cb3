import { key } from '../key.ts'
import { byteSize, integer, positiveDuration } from '../scalar-types.ts'

const MIB = 1024 * 1024

export const queryKeys = {
  timeout: key({
    path: 'admin.query.timeout',
    from: 'perdure',
    type: positiveDuration,
    default: 30_000,
    description: 'How long a SQL query may take; one that takes longer is stopped.',
  }),
  maxRows: key({
    path: 'admin.query.max-rows',
    from: 'perdure',
    type: integer(1),
    default: 1_000_000,
    description: 'Rows that the answer to a query may have.',
  }),
  maxResultSize: key({
    path: 'admin.query.max-result-size',
    from: 'perdure',
    type: byteSize(1024),
    default: 64 * MIB,
    description: 'Bytes that the answer to a query may have.',
  }),
  memoryLimit: key({
    path: 'admin.query.memory-limit',
    from: 'perdure',
    type: byteSize(128 * MIB),
    default: 512 * MIB,
    description: 'Memory of a process that runs a query, all in all; past it the query is stopped.',
  }),
  concurrency: key({
    path: 'admin.query.concurrency',
    from: 'perdure',
    type: integer(1, 64),
    default: 2,
    description: 'Queries that run at the same time, each in a process of its own; others wait.',
  }),
}
