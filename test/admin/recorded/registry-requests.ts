import { wrongPath, wrongQuery, wrongShape } from './answers.ts'
import { ask, empty, error, json, notAllowed, type RecordedRequest } from './request.ts'

const unknownDeployment = 'dp_10i80EXW1SyTzUmNzJtxIwX'

const noService = error(404, "The requested service 'Nope' does not exist")

export const deployments: readonly RecordedRequest[] = [
  ask('GET /deployments', json(200, 'deployments')),
  ask('GET /deployments/{deployment}', json(200, 'id', 'uri', 'protocol_type', 'http_version', 'services')),
  ask(
    'POST /deployments',
    { ...json(200, 'id', 'services'), location: 'deployments/{deployment}' },
    { body: { uri: '{uri}' } },
  ),
  ask('POST /v2/deployments', error(409, 'Conflict: deployment {deployment} already exists'), {
    body: { uri: '{uri}', force: false },
  }),
  ask('POST /v2/deployments', json(201, 'id', 'services'), { body: { uri: '{uri}', dry_run: true } }),
  ask('POST /v3/deployments', json(200, 'id', 'services'), { body: { uri: '{uri}', dry_run: true } }),
  ask('POST /deployments', json(200, 'id'), { body: { uri: '{uri}', dry_run: true, unknown_field: 1 } }),
  ask('POST /deployments', error(400, /^The request field 'uri' is invalid\. Reason: /), { body: { uri: '/x' } }),
  ask('POST /deployments', wrongShape, { body: { uri: '{uri}', auth: { Other: {} } } }),
  ask('POST /deployments', wrongShape, { body: { uri: '{uri}', force: 1 } }),
  ask('POST /deployments', wrongShape, { body: {} }),
  ask('PUT /deployments', notAllowed('GET', 'HEAD', 'POST')),
  ask('GET /deployments/dp_bad', wrongPath),
  ask('GET /deployments/foo', wrongPath),
  ask(
    `GET /deployments/${unknownDeployment}`,
    error(404, `The requested deployment '${unknownDeployment}' does not exist`),
  ),
  ask('PUT /deployments/{deployment}', error(405, 'PUT deployment is deprecated, use PATCH instead'), {
    body: { uri: '{uri}' },
  }),
  ask('PUT /v2/deployments/{deployment}', json(200, 'id', 'services'), { body: { uri: '{uri}' } }),
  ask('PATCH /deployments/{deployment}', json(200, 'id', 'services'), { body: {} }),
  ask('PATCH /deployments/{deployment}', json(200, 'id', 'services'), {
    body: { uri: '{uri}', overwrite: true, dry_run: true },
  }),
  ask('PATCH /deployments/{deployment}', error(400, /^The request field 'uri' is invalid\. Reason: /), {
    body: { uri: '/x' },
  }),
  ask(
    `PATCH /deployments/${unknownDeployment}`,
    error(404, `The requested deployment '${unknownDeployment}' does not exist`),
    {
      body: { uri: '{uri}' },
    },
  ),
  ask('POST /deployments/{deployment}', notAllowed('GET', 'HEAD', 'PATCH', 'PUT', 'DELETE')),
  ask('DELETE /deployments/{deployment}', empty(501)),
  ask('DELETE /deployments/{deployment}?force=false', empty(501)),
  ask('DELETE /deployments/{deployment}?force=xyz', wrongQuery),
  ask(
    `DELETE /deployments/${unknownDeployment}?force=true`,
    error(404, `not found in the schema registry: deployment with id '${unknownDeployment}'`),
  ),
  ask('DELETE /deployments/{deployment}?force=true', empty(202)),
]

export const services: readonly RecordedRequest[] = [
  ask('GET /services', json(200, 'services')),
  ask('GET /services/{service}', json(200, 'name', 'ty', 'handlers', 'deployment_id', 'revision', 'retry_policy')),
  ask('GET /services/Nope', noService),
  ask('PATCH /services/{service}', json(200, 'name'), { body: {} }),
  ask('PATCH /services/{service}', json(200, 'name'), {
    body: { idempotency_retention: 'PT1H', inactivity_timeout: '1 minute 30 seconds', journal_retention: null },
  }),
  ask('PATCH /services/{service}', wrongShape, { body: { idempotency_retention: 'garbage' } }),
  ask('PATCH /services/{service}', wrongShape, { body: { public: 'yes' } }),
  ask('PATCH /services/{service}', error(400, 'modifying retention time for service type Service is unsupported'), {
    body: { workflow_completion_retention: '1h' },
  }),
  ask('PATCH /services/Nope', error(404, "not found in the schema registry: service with name 'Nope'"), {
    body: { public: true },
  }),
  ask('PUT /services/{service}', notAllowed('GET', 'HEAD', 'PATCH')),
  ask('GET /services/{service}/handlers', json(200, 'handlers')),
  ask('GET /services/Nope/handlers', noService),
  ask('GET /services/{service}/handlers/run', json(200, 'name', 'public', 'input_description', 'retry_policy')),
  ask(
    'GET /services/{service}/handlers/nope',
    error(404, "The requested handler 'nope' on service '{service}' does not exist"),
  ),
  ask('GET /services/{service}/openapi', json(200, 'openapi', 'info', 'paths', 'components')),
  ask('GET /services/Nope/openapi', noService),
  ask('POST /internal/services/Nope/serdes/decode/foo', noService, { raw: { type: undefined, text: '"abc"' } }),
  ask('POST /internal/services/{service}/serdes/encode/a/b', error(500, /^Internal server error: /), {
    raw: { type: undefined, text: '"abc"' },
  }),
  ask('GET /internal/services/Nope/serdes/decode/foo', notAllowed('POST')),
]

export const state: readonly RecordedRequest[] = [
  ask('POST /services/{object}/state', empty(202), {
    body: { object_key: '{deployment}', new_state: { count: [55] } },
  }),
  ask('POST /services/{object}/state', empty(202), { body: { object_key: '{deployment}', new_state: { count: '8' } } }),
  ask('POST /services/{object}/state', wrongShape, { body: { new_state: {} } }),
  ask('POST /services/{object}/state', wrongShape, { body: { object_key: 'a', new_state: { count: 5 } } }),
  ask('POST /services/Nope/state', noService, { body: { object_key: 'a', new_state: { a: [1] } } }),
  ask('POST /services/Nope/state', empty(202), { body: { object_key: 'a', new_state: {} } }),
  ask('POST /services/{service}/state', error(400, 'Cannot modify state for service type Service'), {
    body: { object_key: 'a', new_state: { a: [1] } },
  }),
  ask('POST /services/{object}/state', empty(202), {
    body: { object_key: '{deployment}', version: 'wrong', new_state: {} },
    ours: error(400, /^The request field 'version' is invalid\. Reason: /),
  }),
  ask('POST /services/{object}/state', empty(202), {
    body: { object_key: '{deployment}', scope: 's1', new_state: {} },
    ours: error(400, /^The request field 'scope' is invalid\. Reason: /),
  }),
  ask('GET /services/{object}/state', notAllowed('POST')),
]
