import { adminOpenApi } from '../openapi/admin/document.ts'
import type { AdminRoute } from './operation.ts'

/** `GET /openapi`: this API, for generators of clients. */
export function openApiRoutes(serverVersion: string): AdminRoute[] {
  return [
    { path: '/openapi', methods: { GET: { handle: () => ({ status: 200, json: adminOpenApi(serverVersion) }) } } },
  ]
}
