// A tour of what durable means, in a temporary directory: a call, its journal, a header that is not on the list,
// and a server that is killed in the middle of a wait.
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { end, startNode } from './processes.ts'

const root = join(import.meta.dirname, '..')
const directory = await mkdtemp(join(tmpdir(), 'perdure-demo-'))
const children = new Set<ChildProcess>()
const startedAt = performance.now()

interface Addresses {
  readonly server: ChildProcess
  readonly ingress: string
  readonly admin: string
}

async function startServer(): Promise<Addresses> {
  const env = {
    RESTATE_BASE_DIR: directory,
    RESTATE_NODE_NAME: 'demo',
    RESTATE_USE_RANDOM_PORTS: 'true',
    RESTATE_LOG_FILTER: 'warn',
  }
  const url = /(http:\/\/\S+)/
  const started = await startNode([join(root, 'src/main.ts')], env, [
    new RegExp(`ingress +${url.source}`),
    new RegExp(`admin +${url.source}`),
  ])
  children.add(started.process)
  const [ingress, admin] = started.matches.map((match) => (match[1] ?? '').replace('[::]', '127.0.0.1'))
  if (ingress === undefined || admin === undefined) throw new Error('the server did not say where it listens')
  return { server: started.process, ingress, admin }
}

async function startService(): Promise<string> {
  const started = await startNode([join(root, 'examples/greeter.ts')], { PORT: '0', RESTATE_LOGGING: 'ERROR' }, [
    /listening on (http:\S+)/,
  ])
  children.add(started.process)
  return started.matches[0]?.[1] ?? ''
}

async function request(method: string, url: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`)
  return { id: response.headers.get('x-restate-id') ?? '', json: text === '' ? undefined : JSON.parse(text) }
}

function step(title: string): void {
  console.log(`\n\x1b[1m${title}\x1b[0m`)
}

function show(line: string): void {
  console.log(`  ${line}`)
}

interface Journal {
  readonly entries: readonly { readonly index: number; readonly entry_type: string; readonly name?: string }[]
}

async function showJournal(admin: string, id: string): Promise<void> {
  const { json } = await request('GET', `${admin}/invocations/${id}/journal`)
  for (const entry of (json as Journal).entries)
    show(`${entry.index}  ${entry.entry_type}${entry.name ? ` "${entry.name}"` : ''}`)
}

async function hasEntry(admin: string, id: string, type: string): Promise<boolean> {
  const { json } = await request('GET', `${admin}/invocations/${id}/journal`)
  return (json as Journal).entries.some((entry) => entry.entry_type === type)
}

try {
  step('1. A server and a service start')
  const [first, service] = await Promise.all([startServer(), startService()])
  show(`ingress ${first.ingress}   admin ${first.admin}   data ${directory}`)
  show(`service ${service}, written with the official SDK`)

  step('2. The service is registered')
  const { json: deployment } = await request('POST', `${first.admin}/deployments`, { uri: service })
  show(`deployment ${deployment.id}: ${deployment.services.map((s: { name: string }) => s.name).join(', ')}`)

  step('3. A call, and what the journal keeps of it')
  const greeting = await request('POST', `${first.ingress}/Greeter/greet`, 'Ada')
  show(`→ ${greeting.json}`)
  await showJournal(first.admin, greeting.id)

  step('4. Headers: only what is on the list reaches the handler and the journal')
  const headers = await request('POST', `${first.ingress}/Greeter/headers`, undefined, {
    authorization: 'Bearer not-for-the-journal',
    'x-request-id': 'req-42',
  })
  show('sent      authorization: Bearer not-for-the-journal')
  show('sent      x-request-id: req-42')
  for (const [name, value] of Object.entries(headers.json)) show(`received  ${name}: ${value}`)
  const { json: journal } = await request('GET', `${first.admin}/invocations/${headers.id}/journal`)
  show(`authorization in the journal: ${JSON.stringify(journal).includes('not-for-the-journal') ? 'YES' : 'no'}`)

  step('5. The server is killed while an invocation waits')
  const { json: sent } = await request('POST', `${first.ingress}/Greeter/remind/send`, {
    about: 'stretch',
    afterMs: 3000,
  })
  while (!(await hasEntry(first.admin, sent.invocationId, 'Command: Sleep')))
    await new Promise((r) => setTimeout(r, 20))
  show(`${sent.invocationId} has noted something and sleeps for 3 s`)
  await end(first.server, 'SIGKILL')
  show(`SIGKILL: server process ${first.server.pid} is gone`)

  step('6. It starts again on the same data')
  const again = await startServer()
  const { json: status } = await request('GET', `${again.admin}/invocations/${sent.invocationId}`)
  show(`the invocation is still there: ${status.status}`)
  const reminder = await request('GET', `${again.ingress}/restate/invocation/${sent.invocationId}/attach`)
  show(`→ ${reminder.json}`)
  await showJournal(again.admin, sent.invocationId)
  show('"note" ran once, before the kill; the wait and the call to Loudspeaker went on after it.')

  console.log(`\nDone in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`)
} finally {
  await Promise.all([...children].map((child) => end(child)))
  await rm(directory, { recursive: true, force: true })
}
