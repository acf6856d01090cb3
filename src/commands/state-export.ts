import { CommandAdminUnreachable, CommandRefused } from '../errors/command.ts'
import type { AdminClient } from './admin-client.ts'
import { formatStateLine, type StateOfKey } from './state-lines.ts'

/** Values of so many bytes are asked for in one query, or those of one key. */
const MAX_QUERY_BYTES = 8 * 1024 * 1024
const KEYS_PER_PAGE = 1000
const KEYS_PER_QUERY = 200

/**
 * Writes a line for each key of a service that has state, or for one key, in the order of the keys. Rejects as `AdminClient` does,
 * and with `CommandRefused` where values are not shown, or where there is neither state nor a service that could have any: a misspelt
 * name must not look like a backup.
 */
export async function exportState(
  admin: AdminClient,
  service: string,
  key: string | undefined,
  write: (text: string) => Promise<void>,
): Promise<void> {
  if (key !== undefined) {
    const found = await stateOf(admin, service, [key])
    if (found.length === 0) await checkService(admin, service)
    for (const one of found) await write(formatStateLine(one))
    return
  }
  let last: string | undefined
  for (;;) {
    const after = last === undefined ? '' : ` AND service_key > ${quoted(last)}`
    const page = await rowsOf(
      admin,
      `SELECT service_key, SUM(value_length) AS bytes FROM state WHERE service_name = ${quoted(service)}${after} GROUP BY service_key ORDER BY service_key LIMIT ${KEYS_PER_PAGE}`,
    )
    if (page.length === 0 && last === undefined) await checkService(admin, service)
    for (const keys of portions(page)) {
      for (const one of await stateOf(admin, service, keys)) await write(formatStateLine(one))
      last = keys.at(-1)
    }
    if (page.length < KEYS_PER_PAGE) return
  }
}

/** Rejects with `CommandRefused` for what cannot have state. */
async function checkService(admin: AdminClient, service: string): Promise<void> {
  const answer = await admin.ask('GET', `/services/${encodeURIComponent(service)}`)
  const type = typeof answer === 'object' && answer !== null && 'ty' in answer ? answer.ty : undefined
  if (type === 'Service')
    throw new CommandRefused(`${service} is a plain service, and only objects and workflows have state`)
}

function* portions(page: readonly Row[]): Generator<string[]> {
  let keys: string[] = []
  let sizeBytes = 0
  for (const { service_key: key, bytes } of page) {
    if (keys.length > 0 && (sizeBytes + Number(bytes) > MAX_QUERY_BYTES || keys.length >= KEYS_PER_QUERY)) {
      yield keys
      keys = []
      sizeBytes = 0
    }
    keys.push(String(key))
    sizeBytes += Number(bytes)
  }
  if (keys.length > 0) yield keys
}

/** In the order of the keys; one that has no state any more is left out. */
async function stateOf(admin: AdminClient, service: string, keys: readonly string[]): Promise<StateOfKey[]> {
  const rows = await rowsOf(
    admin,
    `SELECT service_key, key, value FROM state WHERE service_name = ${quoted(service)} AND service_key IN (${keys.map(quoted).join(', ')}) ORDER BY service_key, key`,
  )
  if (rows.length > 0 && rows.every(({ value }) => value === MASKED)) {
    throw new CommandRefused('values of state are not shown to this token: its role must be operator or admin')
  }
  const found = new Map<string, Map<string, Buffer>>()
  for (const { service_key: serviceKey, key, value } of rows) {
    const state = found.get(String(serviceKey)) ?? new Map<string, Buffer>()
    found.set(String(serviceKey), state)
    // Binary columns are hexadecimal in JSON (admin API 1.7.12).
    state.set(String(key), Buffer.from(String(value ?? ''), 'hex'))
  }
  return [...found].map(([key, state]) => ({ key, state }))
}

/** `"***"`, which stands for every value where the caller may not see them. */
const MASKED = '222a2a2a22'

type Row = Readonly<Record<string, unknown>>

async function rowsOf(admin: AdminClient, query: string): Promise<readonly Row[]> {
  const answer = await admin.ask('POST', '/query', { query })
  if (typeof answer !== 'object' || answer === null || !('rows' in answer) || !Array.isArray(answer.rows)) {
    throw new CommandAdminUnreachable('what answers at RESTATE_ADMIN_URL is no admin API: a query has no rows')
  }
  return answer.rows
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
