import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { secretsCommand } from '../../src/commands/secrets.ts'
import { register, type ServerProcess, startServerProcess, startServiceProcess } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { foundIn, writeKeys } from './keys.ts'

/** Secrets, each in another thing that the server keeps. */
export const kinds = [
  'input',
  'state',
  'run',
  'output',
  'failure',
  'stumble',
  'awakeable',
  'promise',
  'deployment',
  'mutation',
]

/** A service, and a server on a data directory that can be started again and again with other keys. */
export class Rig {
  readonly directory: string
  readonly keyFile: string
  readonly needle = randomBytes(12).toString('hex')
  server: ServerProcess | undefined

  constructor(t: Test) {
    const directory = shortDirectory(t)
    this.directory = join(directory, 'data')
    this.keyFile = join(directory, 'keys')
    t.teardown(() => this.server?.kill())
  }

  get secrets(): string[] {
    return kinds.map((kind) => `${kind}-${this.needle}`)
  }

  /** Which kinds of secrets stand in clear in the data directory. */
  found(): string[] {
    return foundIn(this.directory, this.secrets).map((secret) => secret.replace(`-${this.needle}`, ''))
  }

  async start(...keys: readonly Buffer[]): Promise<ServerProcess> {
    if (keys.length > 0) writeKeys(this.keyFile, ...keys)
    const env = keys.length > 0 ? { RESTATE_SECRETS__KEY_FILE: this.keyFile } : {}
    // Small segments, so that closed ones lie about.
    this.server = await startServerProcess(this.directory, { ...env, RESTATE_LOG__SEGMENT_SIZE: '2 KiB' })
    return this.server
  }

  async status(): Promise<string> {
    let text = ''
    const env = {
      RESTATE_SECRETS__KEY_FILE: this.keyFile,
      RESTATE_BASE_DIR: this.directory,
      RESTATE_NODE_NAME: 'test',
    }
    await secretsCommand(['status'], { env, cwd: '/', write: (written) => (text += written) })
    return text
  }

  async call(path: string, body?: unknown): Promise<{ status: number; json: unknown }> {
    const response = await fetch(`${this.server?.ingress}${path}`, {
      method: 'POST',
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, json: text === '' ? undefined : JSON.parse(text) }
  }

  async query(sql: string): Promise<string> {
    const response = await fetch(`${this.server?.admin}/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query: sql }),
    })
    return response.text()
  }
}

/** Everything that a server keeps of what callers, handlers and operators say, each with a secret in it. */
export async function fill(t: Test, rig: Rig): Promise<void> {
  const { needle } = rig
  const service = await startServiceProcess(join(import.meta.dirname, 'service.ts'), { NEEDLE: needle })
  t.teardown(() => service.stop())
  const admin = rig.server?.admin ?? ''
  await register(admin, service.uri, { additional_headers: { 'x-api-key': `deployment-${needle}` } })
  const kept = await rig.call('/Vault/a/keep', `input-${needle}`)
  t.match(kept, { status: 200, json: { output: `output-${needle}` } })
  t.match(await rig.call('/Vault/a/fail'), { status: 500 })
  await rig.call('/Vault/b/stumble/send')
  await rig.call('/Vault/c/wait/send')
  await rig.call('/Vault/d/wait/send')
  await rig.call('/Approval/w/run/send')
  await rig.call('/Approval/w/approve')
  const mutated = await fetch(`${admin}/services/Vault/state`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    // `c` is busy: this waits for its turn.
    body: JSON.stringify({ object_key: 'c', new_state: { item: [...Buffer.from(`mutation-${needle}`)] } }),
  })
  t.equal(mutated.status, 202)
  await arrive(rig, 'd')
  // The attempt of `stumble` must have failed, and the store must have caught up.
  await sleep(500)
}

/** Resolves the awakeable that `Vault/<key>/wait` waits for. */
export async function arrive(rig: Rig, key: string): Promise<void> {
  for (;;) {
    const { json } = await rig.call(`/Vault/${key}/awakeable`)
    if (typeof json === 'string') {
      await rig.call(`/restate/awakeables/${json}/resolve`, `awakeable-${rig.needle}`)
      return
    }
    await sleep(20)
  }
}

/** What operators see, which is everything, whether it is sealed or not. */
export async function seesAll(t: Test, rig: Rig, what: string): Promise<void> {
  const answers = await Promise.all(
    [
      'SELECT value_utf8 FROM state',
      'SELECT completion_success_value_utf8 FROM sys_promise',
      'SELECT completion_failure, last_failure FROM sys_invocation',
      'SELECT entry_json, raw FROM sys_journal',
      'SELECT event_json FROM sys_journal_events',
      'SELECT id, endpoint, services FROM sys_deployment',
      'SELECT name FROM sys_service',
    ].map((sql) => rig.query(sql)),
  )
  const seen = answers.join('\n')
  // Texts in the raw bytes of a journal come as hexadecimal digits.
  const all = seen + Buffer.from(seen.match(/[0-9a-f]{40,}/g)?.join('') ?? '', 'hex').toString('latin1')
  for (const kind of ['input', 'state', 'run', 'output', 'failure', 'stumble', 'awakeable', 'promise']) {
    t.ok(all.includes(`${kind}-${rig.needle}`), `${what}: /query shows ${kind}`)
  }
  t.match(seen, /"name":"Approval"/)
}
