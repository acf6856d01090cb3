import { notJson, wrongShape } from './answers.ts'
import { ask, empty, json, notAllowed, queryError, type RecordedRequest, text } from './request.ts'

export const server: readonly RecordedRequest[] = [
  ...['', '/v2', '/v3', '/v4'].flatMap((prefix) => [
    ask(`GET ${prefix}/health`, empty(200)),
    ask(`GET ${prefix}/version`, json(200, 'version', 'min_admin_api_version', 'max_admin_api_version', 'features')),
  ]),
  ask('GET /cluster-health', json(200, 'cluster_name', 'metadata_cluster_health')),
  ask('GET /openapi', json(200, 'openapi', 'info', 'paths', 'components', 'tags')),
  ask('HEAD /health', empty(200)),
  ask('POST /health', notAllowed('GET', 'HEAD')),
  ask('POST /version', notAllowed('GET', 'HEAD')),
  ask('POST /cluster-health', notAllowed('GET', 'HEAD')),
  ask(
    'GET /v1/version',
    text(400, 'Unsupported Admin API version V1. This server supports versions between V2 and V4.'),
  ),
  ask('GET /v5/version', empty(404)),
  ask('GET /nope', empty(404)),
  ask('GET /openapi/', empty(404)),
  ask('GET /metadata/x', empty(404)),
  ask('GET /ui', { kind: 'empty', status: 308, location: '/ui/' }, { ours: empty(404) }),
]

const sql = { query: 'select name, revision from sys_service where 1=0' }

const rows = json(200, 'rows')

export const query: readonly RecordedRequest[] = [
  ask('POST /query', { kind: 'arrow', status: 200 }, { body: sql }),
  ask('POST /query', rows, { body: sql, accept: 'application/json' }),
  ...['*/*', 'text/csv', 'application/json;q=1', 'application/json, text/plain'].map((accept) =>
    ask('POST /v4/query', { kind: 'arrow', status: 200 }, { body: sql, accept }),
  ),
  ask('POST /query', queryError(400), { body: { query: '' } }),
  ask('POST /query', queryError(400), { body: { query: 'drop table sys_service' } }),
  ask('POST /query', queryError(500), { body: { query: 'select foo(1)' } }),
  ask('POST /query', wrongShape, { body: { q: 'x' } }),
  ask('POST /query', text(400, 'Failed to parse the request body as JSON: '), {
    raw: { type: 'application/json', text: '{bad' },
  }),
  ask('POST /query', notJson, { raw: { type: undefined, text: '{"query":"select 1"}' } }),
  ask('GET /query', notAllowed('POST')),
]

export const bodies: readonly RecordedRequest[] = [
  ...['text/plain', 'application/jsonx', 'application/x-www-form-urlencoded', undefined].map((type) =>
    ask('POST /deployments', notJson, { raw: { type, text: '{}' } }),
  ),
  ...['application/json; charset=utf-8', 'Application/JSON', 'application/x+json'].map((type) =>
    ask('POST /deployments', wrongShape, { raw: { type, text: '{}' } }),
  ),
  ask('POST /deployments', text(400, 'Failed to parse the request body as JSON: '), {
    raw: { type: 'application/json', text: '' },
  }),
  ask('POST /deployments', text(413, 'Failed to buffer the request body: length limit exceeded'), {
    raw: { type: 'application/json', text: JSON.stringify('x'.repeat(2 * 1024 * 1024)) },
  }),
]
