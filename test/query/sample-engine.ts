import { defaultConfig } from '../../src/config/load-config.ts'
import type { DeploymentRecord, HandlerRecord, ServiceRecord, ServiceType } from '../../src/core/deployment.ts'
import { type QueryLimits, queryLimits } from '../../src/query/limits.ts'
import type { LiveAttempt } from '../../src/query/live-attempt.ts'
import { QueryEngine, type QueryEngineOptions } from '../../src/query/query-engine.ts'
import { deploymentId, type SampleStore, startMs } from './sample-store.ts'

/** An engine on a sample store, at a time of its own. */
export function sampleEngine(
  store: SampleStore,
  limits: Partial<QueryLimits> = {},
  options: Partial<QueryEngineOptions> = {},
): QueryEngine {
  return new QueryEngine({
    databaseFile: store.file,
    checkpoint: async () => {},
    live: () => [],
    limits: { ...queryLimits(defaultConfig('/').admin.query), ...limits },
    now: () => startMs + 3_600_000,
    ...options,
  })
}

export type Row = Readonly<Record<string, unknown>>

/** The rows of a query, as JSON gives them. */
export async function rowsOf(engine: QueryEngine, sql: string): Promise<Row[]> {
  const { body } = await engine.run(sql, 'json')
  return JSON.parse(Buffer.concat(body).toString()).rows
}

export function inFlight(seq: number): LiveAttempt {
  return { seq, isInFlight: true, startedAt: startMs + 5000, deploymentId, server: 'sdk/1' }
}

function service(name: string, type: ServiceType, revision: number): ServiceRecord {
  const handlers: HandlerRecord[] = []
  return { name, type, revision, public: name !== 'Hidden', handlers }
}

export const sampleDeployment: DeploymentRecord = {
  id: deploymentId,
  uri: 'http://localhost:9080/',
  protocolMode: 'BIDI_STREAM',
  httpVersion: 'HTTP/2.0',
  additionalHeaders: [['authorization', 'Bearer very-secret']],
  metadata: {},
  createdAt: startMs,
  minProtocolVersion: 5,
  maxProtocolVersion: 6,
  services: [
    service('Greeter', 'Service', 1),
    service('Counter', 'VirtualObject', 3),
    service('Hidden', 'Workflow', 1),
  ],
}
