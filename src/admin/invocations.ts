import type { AdminRole } from '../config/config.ts'
import type { Invocation } from '../core/invocation.ts'
import { AdminNotFound } from '../errors/admin.ts'
import type { PartitionClient } from '../partition/partition-client.ts'
import { invocationFor, journalEntryFor } from './auth/masked-views.ts'
import { parseInvocationIdParameter } from './invocation-id.ts'
import { invocationModel } from './invocation-model.ts'
import { journalEntryModel } from './journal-model.ts'
import type { AdminRoute, Operation } from './operation.ts'
import { numberParameter } from './query-string.ts'

const DEFAULT_PAGE_ENTRIES = 100
const MAX_PAGE_ENTRIES = 1000
/** A page ends early when it has grown to this size: entries may be large. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024

/** An extension for operators: one invocation and its journal, without SQL. `remove` is what DELETE does. */
export function invocationRoutes(
  client: Pick<PartitionClient, 'invocation' | 'durable'>,
  now: () => number,
  remove: Operation,
): AdminRoute[] {
  const existing = (text: string): Invocation => {
    const id = parseInvocationIdParameter(text)
    const invocation = client.invocation(id)
    if (invocation === undefined) throw new AdminNotFound(`The requested invocation '${id}' does not exist`)
    return invocation
  }

  return [
    {
      path: '/invocations/:invocation',
      methods: {
        GET: {
          async handle({ params, role }) {
            const json = invocationFor(role, invocationModel(existing(params.invocation ?? ''), now()))
            await client.durable()
            return { status: 200, json }
          },
        },
        DELETE: remove,
      },
    },
    {
      path: '/invocations/:invocation/journal',
      methods: {
        GET: {
          async handle({ params, query, role }) {
            const { id, journal } = existing(params.invocation ?? '')
            const from = numberParameter(query, 'from', 0, Number.MAX_SAFE_INTEGER) ?? 0
            const limit = numberParameter(query, 'limit', 1, MAX_PAGE_ENTRIES) ?? DEFAULT_PAGE_ENTRIES
            const json = { id, ...journalPage(journal, from, limit, role) }
            await client.durable()
            return { status: 200, json }
          },
        },
      },
    },
  ]
}

/** `next` is the index to go on from; it is absent on the last page. */
function journalPage(journal: Invocation['journal'], from: number, limit: number, role: AdminRole) {
  const entries: unknown[] = []
  let bytes = 0
  for (const entry of journal.slice(from, from + limit)) {
    const model = journalEntryFor(role, journalEntryModel(entry, from + entries.length))
    entries.push(model)
    bytes += Buffer.byteLength(JSON.stringify(model))
    if (bytes > MAX_PAGE_BYTES) break
  }
  const next = from + entries.length
  return { entries, ...(next < journal.length ? { next } : {}) }
}
