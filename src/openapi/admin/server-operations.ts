import type { AdminOperations } from './operation.ts'
import { integer, json, listOf, noBody, object, type Schema, text } from './schema-terms.ts'

export const serverSchemas: Readonly<Record<string, Schema>> = {
  VersionInformation: object(
    {
      version: text('The version of Restate that the API is compatible with.'),
      min_admin_api_version: integer(0),
      max_admin_api_version: integer(0),
      features: { type: 'object', additionalProperties: { type: 'boolean' } },
      server: object({ name: text(), version: text() }, {}, 'This server itself.'),
    },
    { ingress_endpoint: text('Where ingress is, once it listens.') },
  ),
  ClusterHealthResponse: object({
    cluster_name: text(),
    metadata_cluster_health: object({ members: listOf(integer(1)) }),
  }),
}

export const serverOperations: AdminOperations = {
  'GET /health': { id: 'health', tag: 'server', summary: 'Whether the server runs', success: { 200: noBody } },
  'GET /version': {
    id: 'version',
    tag: 'server',
    summary: 'Versions and features',
    success: { 200: json({ $ref: '#/components/schemas/VersionInformation' }) },
  },
  'GET /cluster-health': {
    id: 'cluster_health',
    tag: 'server',
    summary: 'The nodes that hold the metadata',
    deprecated: true,
    success: { 200: json({ $ref: '#/components/schemas/ClusterHealthResponse' }) },
  },
  'GET /openapi': {
    id: 'openapi',
    tag: 'server',
    summary: 'This document',
    success: { 200: json({ type: 'object' }) },
  },
}
