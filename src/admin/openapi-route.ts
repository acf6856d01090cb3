import type { AdminRoute, Answer } from './operation.ts'

/** `GET /openapi`: this API, for generators of clients. */
export function openApiRoutes(serverVersion: string): AdminRoute[] {
  return [{ path: '/openapi', methods: { GET: { handle: () => documentOf(serverVersion) } } }]
}

/** Most servers are never asked. */
async function documentOf(serverVersion: string): Promise<Answer> {
  const { adminOpenApi } = await import('../openapi/admin/document.ts')
  return { status: 200, json: adminOpenApi(serverVersion) }
}
