import { exchange } from './http.ts'
import type { Side } from './passes.ts'

/** What both servers tell of an invocation. */
export interface InvocationView {
  readonly status: string
  readonly invokedBy: string
  /** Once it has started. */
  readonly journalSize?: number
  readonly pinned: boolean
  readonly result?: string
  readonly failure?: string
}

/** Looks into a server: into the official one by SQL, into ours by its routes. */
export interface Introspection {
  journal(id: string): Promise<string[]>
  invocation(id: string): Promise<InvocationView | undefined>
}

export function introspectionOf(side: Side): Introspection {
  return side.name === 'official' ? bySql(side.admin) : byRoutes(side.admin)
}

type Row = Readonly<Record<string, unknown>>

function bySql(admin: string): Introspection {
  const query = async (sql: string): Promise<Row[]> => {
    const { body } = await exchange(`${admin}/query`, {
      method: 'POST',
      headers: [
        ['content-type', 'application/json'],
        ['accept', 'application/json'],
      ],
      body: JSON.stringify({ query: sql }),
    })
    return JSON.parse(body.toString()).rows
  }
  return {
    async journal(id) {
      return (await query(`SELECT index, entry_type, name FROM sys_journal WHERE id = '${id}' ORDER BY index`)).map(
        entry,
      )
    },
    async invocation(id) {
      const [row] = await query(`SELECT * FROM sys_invocation WHERE id = '${id}'`)
      return row === undefined ? undefined : view(row)
    },
  }
}

function byRoutes(admin: string): Introspection {
  const get = async (path: string) => {
    const { status, body } = await exchange(`${admin}/invocations/${path}`, { method: 'GET' })
    return status === 404 ? undefined : JSON.parse(body.toString())
  }
  return {
    async journal(id) {
      const entries: Row[] = []
      for (let from: number | undefined = 0; from !== undefined; ) {
        const page = await get(`${id}/journal?from=${from}&limit=1000`)
        entries.push(...(page?.entries ?? []))
        from = page?.next
      }
      return entries.map(entry)
    },
    async invocation(id) {
      const row = await get(id)
      return row === undefined ? undefined : view(row)
    },
  }
}

function entry(row: Row): string {
  return row.name === undefined || row.name === '' ? String(row.entry_type) : `${row.entry_type} "${row.name}"`
}

function view(row: Row): InvocationView {
  const { status, completion_result: result, completion_failure: failure } = row
  return {
    // `ready` waits for a slot at the invoker, which either server may need for a moment.
    status: status === 'ready' ? 'running' : String(status),
    invokedBy: String(row.invoked_by),
    ...(status !== 'scheduled' && status !== 'pending' && { journalSize: Number(row.journal_size ?? 0) }),
    pinned: row.pinned_deployment_id !== undefined,
    ...(result !== undefined && { result: String(result) }),
    ...(failure !== undefined && { failure: String(failure) }),
  }
}
