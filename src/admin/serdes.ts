import type { DeploymentRecord } from '../core/deployment.ts'
import type { Schema } from '../core/schema.ts'
import { AdminNotFound, AdminQueryString } from '../errors/admin.ts'
import { BadId } from '../errors/protocol.ts'
import { parseDeploymentId } from '../protocol/ids/deployment-id.ts'
import type { PayloadConversion } from '../registry/convert-payload.ts'
import type { AdminRoute } from './operation.ts'
import { textParameter } from './query-string.ts'

/** Resolves with what a service has made of a payload. */
export type ConvertPayload = (conversion: PayloadConversion) => Promise<Uint8Array>

/**
 * `POST /internal/services/{service}/serdes/{decode,encode}/{serde}?deployment=`: consoles ask services this way to make payloads readable.
 * Bodies go as they are, both ways; the peer's answers have no type, and these are bytes (admin API 1.7.12).
 */
export function serdeRoutes(schema: Schema, convert: ConvertPayload): AdminRoute[] {
  return (['decode', 'encode'] as const).map((direction) => ({
    path: `/internal/services/:service/serdes/${direction}/*`,
    methods: {
      POST: {
        rawBody: true,
        async handle({ params: { service = '', '*': serde = '' }, query, body, signal }) {
          const deployment = deploymentOf(schema, service, textParameter(query, 'deployment'))
          const payload = body instanceof Uint8Array ? body : new Uint8Array()
          const bytes = await convert({ deployment, service, direction, serde, payload, signal })
          return { status: 200, bytes, headers: { 'x-content-type-options': 'nosniff' } }
        },
      },
    },
  }))
}

/** The one that is asked for; without one, that of the latest revision. */
function deploymentOf(schema: Schema, service: string, asked: string | undefined): DeploymentRecord {
  if (asked === undefined) {
    const latest = schema.service(service)
    if (latest === undefined) throw noService(service)
    return latest.deployment
  }
  const id = deploymentId(asked)
  const deployment = schema.deployment(id)
  if (deployment === undefined) throw new AdminNotFound(`The requested deployment '${id}' does not exist`)
  if (deployment.services.every(({ name }) => name !== service)) throw noService(service)
  return deployment
}

function deploymentId(text: string) {
  try {
    return parseDeploymentId(text)
  } catch (error) {
    if (!(error instanceof BadId)) throw error
    throw new AdminQueryString(`Failed to deserialize query string: deployment: ${error.reason}`)
  }
}

function noService(service: string): Error {
  return new AdminNotFound(`The requested service '${service}' does not exist`)
}
