import type { Schema } from '../core/schema.ts'
import { AdminNotFound, AdminNotSupported } from '../errors/admin.ts'
import type { AdminRoute } from './operation.ts'

/**
 * `POST /internal/services/{service}/serdes/{decode,encode}/{serde}`: consoles ask services this way to make payloads readable. It is not
 * documented, and few SDKs answer; here payloads are shown as they are.
 */
export function serdeRoutes(schema: Schema): AdminRoute[] {
  return ['decode', 'encode'].map((direction) => ({
    path: `/internal/services/:service/serdes/${direction}/*`,
    methods: {
      POST: {
        handle({ params: { service = '' } }) {
          if (schema.service(service) === undefined) {
            throw new AdminNotFound(`The requested service '${service}' does not exist`)
          }
          throw new AdminNotSupported(
            'perdure does not ask services to decode or encode payloads. GET /invocations/{id}/journal shows them as text or base64',
          )
        },
      },
    },
  }))
}
