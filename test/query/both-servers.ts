import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startOfficialServer } from '../differential/official-server.ts'
import { register, startServerProcess, startServiceProcess } from '../harness/server-process.ts'

export type Row = Readonly<Record<string, unknown>>

/** A server with the same things in it as the other one. */
export interface Side {
  readonly admin: string
  /** Runs a query; ids, times and addresses are as alike on both sides as they can be. */
  rows(sql: string): Promise<Row[]>
  query(sql: string, accept?: string): Promise<Response>
  /** The rows as they are. */
  rawRows(sql: string): Promise<readonly Row[]>
  /** A text with ids, times and addresses as alike as they can be. */
  alike(text: string): string
  /** The id of an invocation by its target, `Greeter/greet`, or with a number behind it for the second and so on. */
  id(target: string): string
}

export interface BothServers extends AsyncDisposable {
  readonly official: Side
  readonly ours: Side
}

/** Starts the official server and ours, and brings the same invocations into the same states on both, with the official SDK. */
export async function startBoth(): Promise<BothServers> {
  await using started = new AsyncDisposableStack()
  const service = await startServiceProcess(join(import.meta.dirname, 'service.ts'))
  started.defer(() => service.stop())
  const directories = await Promise.all(
    ['official', 'ours'].map((name) => mkdtemp(join(tmpdir(), `perdure-query-${name}-`))),
  )
  for (const directory of directories) started.defer(() => rm(directory, { recursive: true, force: true }))
  const [officialDirectory = '', ourDirectory = ''] = directories
  const officialServer = await startOfficialServer(officialDirectory, 'official')
  started.defer(() => officialServer.stop())
  const ourServer = await startServerProcess(ourDirectory, { RESTATE_LOG_FILTER: 'error' })
  started.defer(() => ourServer.stop())
  const [official, ours] = await Promise.all(
    [officialServer, ourServer].map(async ({ ingress, admin }) => {
      await register(admin, service.uri)
      await fill(ingress, admin)
      return sideOf(admin, service.uri)
    }),
  )
  if (official === undefined || ours === undefined) throw new Error('two servers')
  const running = started.move()
  return { official, ours, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

export async function fill(ingress: string, admin: string): Promise<void> {
  const call = async (path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${ingress}/${path}`, {
      method: 'POST',
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const isSent = path.includes('/send')
    // Lists are ordered by the last change, which the official server may make after it has answered.
    const ended = `SELECT id FROM sys_invocation WHERE target = '${path}' AND status = 'completed'`
    if (!isSent) await until(admin, ended, 1)
    // No two are created in the same millisecond: by that time they are ordered.
    await delay(5)
    return isSent ? (JSON.parse(text) as { readonly invocationId: string }) : { invocationId: '' }
  }
  await call('Greeter/greet', 'world', { 'idempotency-key': 'one' })
  await call('Greeter/fail')
  await call('Counter/bob/add', 2)
  await call('Counter/alice/add', 5)
  await call('Counter/alice/reset')
  await call('Greeter/tour')
  await call('Counter/bob/hold/send')
  await call('Counter/bob/add/send', 3)
  await call('Greeter/greet/send?delay=3600s', 'later')
  await call('Greeter/wait/send')
  await call('Greeter/busy/send')
  // What changes last is the same on each server.
  await until(admin, `SELECT id FROM sys_invocation WHERE target_handler_name = 'busy' AND journal_size > 1`, 1)
  await call('Greeter/stuck/send')
  await call('Signup/u1/run/send', 'u1@x.io')
  await call('Signup/u2/run/send', 'u2@x.io')
  await call('Signup/u3/run/send', 'u3@x.io')
  await fetch(`${ingress}/Signup/u2/confirm`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '"yes"',
  })
  await fetch(`${ingress}/Signup/u3/refuse`, { method: 'POST' })
  const killed = await call('Counter/dora/hold/send')
  await until(admin, `SELECT id FROM sys_invocation WHERE status = 'suspended' AND target_service_key = 'dora'`, 1)
  await fetch(`${admin}/invocations/${killed.invocationId}/kill`, { method: 'PATCH' })
  const settled = `SELECT status FROM sys_invocation WHERE status IN ('completed', 'suspended', 'pending', 'scheduled', 'backing-off')
    OR target_handler_name = 'busy' AND journal_size > 1`
  await until(admin, settled, 21)
}

/** Waits until a query has so many rows. */
export async function until(admin: string, sql: string, count: number): Promise<void> {
  const deadlineMs = Date.now() + 60_000
  for (;;) {
    const { rows } = (await (await post(admin, sql)).json()) as { readonly rows: readonly Row[] }
    if (rows.length >= count) return
    if (Date.now() > deadlineMs) throw new Error(`${rows.length} rows instead of ${count}: ${sql}`)
    await delay(100)
  }
}

function post(admin: string, sql: string, accept = 'application/json'): Promise<Response> {
  return fetch(`${admin}/query`, {
    method: 'POST',
    headers: { accept, 'content-type': 'application/json' },
    body: JSON.stringify({ query: sql }),
  })
}

export async function sideOf(admin: string, serviceUri: string): Promise<Side> {
  const response = await post(admin, 'SELECT id, target FROM sys_invocation_status ORDER BY created_at, target')
  const listed = (await response.json()) as {
    readonly rows: readonly { readonly id: string; readonly target: string }[]
  }
  const names = new Map<string, string>()
  const counts = new Map<string, number>()
  for (const { id, target } of listed.rows) {
    const count = (counts.get(target) ?? 0) + 1
    counts.set(target, count)
    names.set(id, count === 1 ? target : `${target} ${count}`)
  }
  const alike = (text: string) =>
    text
      .replaceAll(/inv_1[0-9a-zA-Z]{33}/g, (id) => `<${names.get(id) ?? id}>`)
      .replaceAll(/dp_1[0-9a-zA-Z]{22}/g, '<deployment>')
      // Times in journals, and keys that the official server makes for calls without one.
      .replaceAll(/\b1[789]\d{11}\b/g, '0')
      .replaceAll(/\b01[0-9A-Z]{24}\b/g, '<ulid>')
      .replaceAll(/\bsign_1[\w-]{38}/g, '<awakeable>')
      // Stacks depend on who had a turn before.
      .replaceAll(/(?:\\\\?n|\n) +at [^\n\\"]+/g, '')
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '<time>')
      .replaceAll(new RegExp(`${serviceUri}/?`, 'g'), '<service>')
  return {
    admin,
    alike,
    query: (sql, accept) => post(admin, sql, accept),
    rawRows: async (sql) => ((await (await post(admin, sql)).json()) as { readonly rows: readonly Row[] }).rows,
    async rows(sql) {
      const response = await post(admin, sql)
      const text = await response.text()
      if (!response.ok) throw new Error(`${response.status} ${text}: ${sql}`)
      return JSON.parse(alike(text)).rows
    },
    id(target) {
      const found = [...names].find(([, name]) => name === target)?.[0]
      if (found === undefined) throw new Error(`no invocation ${target}`)
      return found
    },
  }
}
