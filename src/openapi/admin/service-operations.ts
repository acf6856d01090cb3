import type { AdminOperations } from './operation.ts'
import { type Content, json, noBody, ref, text } from './schema-terms.ts'

const bytes: Content = { 'application/octet-stream': {} }

const serde = {
  tag: 'service',
  description: 'For SDKs that can preview serdes; their metadata tell which, as `dev.restate.serde.preview.<name>`.',
  query: { deployment: { schema: text(), description: 'The one to ask; without it, that of the latest revision.' } },
  rawBody: bytes,
  success: { 200: bytes },
  errors: [400, 404, 413, 500],
} as const

export const serviceOperations: AdminOperations = {
  'GET /services': {
    id: 'list_services',
    tag: 'service',
    summary: 'The latest revision of each service, by name',
    success: { 200: json(ref('ListServicesResponse')) },
  },
  'GET /services/{service}': {
    id: 'get_service',
    tag: 'service',
    summary: 'The latest revision of a service',
    success: { 200: json(ref('ServiceMetadata')) },
    errors: [404],
  },
  'PATCH /services/{service}': {
    id: 'modify_service',
    tag: 'service',
    summary: 'Change settings, until the next registration',
    body: ref('ModifyServiceRequest'),
    success: { 200: json(ref('ServiceMetadata')) },
    errors: [400, 404, 503],
  },
  'GET /services/{service}/openapi': {
    id: 'get_service_openapi',
    tag: 'service',
    summary: 'How its handlers are called at ingress, as OpenAPI 3.1',
    success: { 200: json({ type: 'object' }) },
    errors: [404],
  },
  'GET /services/{service}/handlers': {
    id: 'list_service_handlers',
    tag: 'service_handler',
    summary: 'Handlers of a service',
    success: { 200: json(ref('ListServiceHandlersResponse')) },
    errors: [404],
  },
  'GET /services/{service}/handlers/{handler}': {
    id: 'get_service_handler',
    tag: 'service_handler',
    summary: 'One handler',
    success: { 200: json(ref('HandlerMetadata')) },
    errors: [404],
  },
  'POST /services/{service}/state': {
    id: 'modify_service_state',
    tag: 'service',
    summary: 'Replace the state of one key, when its turn has come',
    body: ref('ModifyServiceStateRequest'),
    success: { 202: noBody },
    errors: [400, 404, 503],
  },
  'POST /internal/services/{service}/serdes/decode/{serde}': {
    ...serde,
    id: 'decode_value',
    summary: 'Have a service make a value readable',
  },
  'POST /internal/services/{service}/serdes/encode/{serde}': {
    ...serde,
    id: 'encode_value',
    summary: 'Have a service make a value of what is readable',
  },
}
