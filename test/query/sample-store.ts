import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { BinaryWriter } from '../../src/core/codec/binary-writer.ts'
import { writeEntry } from '../../src/core/codec/entry-codec.ts'
import { writePromise } from '../../src/core/codec/keyed-values.ts'
import type { DeploymentRecord, ServiceType } from '../../src/core/deployment.ts'
import type { DeploymentId, InvocationId } from '../../src/core/ids.ts'
import type { Invocation } from '../../src/core/invocation.ts'
import type { DurablePromise } from '../../src/core/keyed.ts'
import { invocationIdFor } from '../../src/protocol/ids.ts'
import { columns, rowOf } from '../../src/store/row.ts'
import { tables } from '../../src/store/tables.ts'

/** 2026-11-21T17:00:00Z */
export const startMs = Date.UTC(2026, 10, 21, 17)

export const deploymentId = 'dp_1a2b3c4d5e6f7g8h9i0jkl' as DeploymentId

/** A store file of its own, filled row by row, without a server. */
export class SampleStore implements AsyncDisposable {
  readonly file: string
  readonly #directory: string
  readonly #database: DatabaseSync
  #nextSeq = 1

  private constructor(directory: string) {
    this.#directory = directory
    this.file = join(directory, 'store.sqlite')
    this.#database = new DatabaseSync(this.file)
    this.#database.exec('PRAGMA journal_mode = WAL')
    this.#database.exec(tables)
  }

  static async create(): Promise<SampleStore> {
    return new SampleStore(await mkdtemp(join(tmpdir(), 'perdure-query-')))
  }

  /** Adds an invocation: of a plain service, completed with a value, unless `parts` says otherwise. */
  invocation(parts: SampleInvocation = {}): InvocationId {
    const seq = this.#nextSeq
    this.#nextSeq += 1
    const target = {
      service: 'Greeter',
      serviceType: 'Service' as ServiceType,
      key: undefined,
      handler: 'greet',
      handlerType: 'Stateless' as const,
      ...parts.target,
    }
    const id = sampleId(seq)
    const at = startMs + seq * 1000
    const invocation: Invocation = {
      seq,
      id,
      source: { kind: 'ingress' },
      idempotencyKey: undefined,
      executionTime: undefined,
      completionRetentionMs: 86_400_000,
      journalRetentionMs: 86_400_000,
      seedOf: id,
      createdAt: at,
      modifiedAt: at + 10,
      startedAt: at,
      completedAt: at + 10,
      status: 'completed',
      journal: [{ kind: 'input', headers: [], body: Buffer.from('1'), appendedAt: at }],
      commandCount: 1,
      pinned: { deploymentId, protocolVersion: 6 },
      retry: undefined,
      failedAttempts: 0,
      awaiting: undefined,
      sleeping: [],
      calls: [],
      queueOrder: undefined,
      pauseRequested: false,
      sinks: [],
      output: undefined,
      result: { kind: 'value', value: Buffer.from('1') },
      events: [],
      ...unfinished(parts.status),
      ...parts,
      target,
    }
    const row = rowOf(invocation, invocation.journal.length)
    const places = columns.map(() => '?').join(', ')
    this.#database.prepare(`INSERT INTO invocation VALUES (${places})`).run(...columns.map((column) => row[column]))
    const writer = new BinaryWriter()
    for (const entry of invocation.journal) writeEntry(writer, entry)
    this.#database.prepare('INSERT INTO journal VALUES (?, ?, ?)').run(seq, 0, writer.take())
    return id
  }

  state(service: string, key: string, name: string, value: Uint8Array): void {
    this.#database.prepare('INSERT INTO state VALUES (?, ?, ?, ?)').run(service, key, Buffer.from(name), value)
  }

  promise(service: string, key: string, name: string, promise: DurablePromise): void {
    const writer = new BinaryWriter()
    writePromise(writer, promise)
    this.#database.prepare('INSERT INTO promise VALUES (?, ?, ?, ?)').run(service, key, name, writer.take())
  }

  deployment(record: DeploymentRecord): void {
    this.#database.prepare('INSERT INTO deployment VALUES (?, ?)').run(record.id, JSON.stringify(record))
  }

  exec(sql: string): void {
    this.#database.exec(sql)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#database.close()
    await rm(this.#directory, { recursive: true, force: true })
  }
}

export type SampleInvocation = Partial<Omit<Invocation, 'target'>> & { readonly target?: Partial<Invocation['target']> }

function unfinished(status: Invocation['status'] | undefined): Partial<Invocation> {
  return status === undefined || status === 'completed' ? {} : { completedAt: undefined, result: undefined }
}

/** The id of the invocation with this number. */
export function sampleId(seq: number): InvocationId {
  const target = { service: 'Sample', key: undefined, handler: 'x', isWorkflowRun: false, idempotencyKey: undefined }
  return invocationIdFor(target, startMs, Buffer.alloc(32, seq % 256))
}
