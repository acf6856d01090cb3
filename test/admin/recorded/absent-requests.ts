import { notJson, notSupported, wrongPath, wrongQuery, wrongShape } from './answers.ts'
import { ask, empty, error, json, notAllowed, type RecordedRequest } from './request.ts'

const unknownSubscription = 'sub_156GVQn7V04bZ0uKl5YXsVX'

const unknownVqueue = 'vq_1jJOFEtKQPi10WSIdMP098D0xNRB5RiA9I'

const badVqueue = (reason: string) => error(400, `The request field 'vqueue_id' is invalid. Reason: ${reason}`)

const noServers = (name: string) =>
  error(400, `kafka cluster '${name}' properties must contain either 'bootstrap.servers' or 'metadata.broker.list'`)

const servers = { 'bootstrap.servers': '127.0.0.1:9' }

export const kafkaClusters: readonly RecordedRequest[] = [
  ask('GET /kafka-clusters', json(200, 'clusters')),
  ask('GET /v2/kafka-clusters', json(200, 'clusters')),
  ask('GET /kafka-clusters/nope', error(404, "The requested Kafka cluster 'nope' does not exist")),
  ask(
    'GET /kafka-clusters/nope?include_subscriptions=true',
    error(404, "The requested Kafka cluster 'nope' does not exist"),
  ),
  ask('GET /kafka-clusters/nope?include_subscriptions=x', wrongQuery),
  ask('GET /kafka-clusters/a%2Fb', error(404, "The requested Kafka cluster 'a/b' does not exist")),
  ask('POST /kafka-clusters', wrongShape, { body: {} }),
  ask('POST /kafka-clusters', wrongShape, { body: { name: 'a' } }),
  ask('POST /kafka-clusters', wrongShape, { body: { name: 'a', properties: { x: 1 } } }),
  ask('POST /kafka-clusters', wrongShape, { body: { name: 'bad name', properties: {} } }),
  ask('POST /kafka-clusters', wrongShape, { body: { name: '', properties: {} } }),
  ask('POST /kafka-clusters', noServers('a'), { body: { name: 'a', properties: {} } }),
  ask('POST /kafka-clusters', notJson, { raw: { type: undefined, text: '{}' } }),
  ask('PATCH /kafka-clusters/nope', wrongShape, { body: {} }),
  ask('PATCH /kafka-clusters/nope', noServers('nope'), { body: { properties: {} } }),
  ask('PATCH /kafka-clusters/nope', error(404, "not found in the schema registry: kafka cluster 'nope'"), {
    body: { properties: servers },
  }),
  ask(
    'PATCH /kafka-clusters/bad%20name',
    error(400, "The request field 'cluster_name' is invalid. Reason: invalid uri character"),
    {
      body: { properties: servers },
    },
  ),
  ask('DELETE /kafka-clusters/nope', error(404, "not found in the schema registry: kafka cluster named 'nope'")),
  ask(
    'DELETE /kafka-clusters/nope?force=true',
    error(404, "not found in the schema registry: kafka cluster named 'nope'"),
  ),
  ask('DELETE /kafka-clusters/nope?force=x', wrongQuery),
  ask('PUT /kafka-clusters/nope', notAllowed('GET', 'HEAD', 'PATCH', 'DELETE')),
  ask('DELETE /kafka-clusters', notAllowed('POST', 'GET', 'HEAD')),
]

const badUri = (message: string) => error(400, `[META0009] ${message}`, 'META0009')

const sink = 'service://{service}/run'

export const subscriptions: readonly RecordedRequest[] = [
  ask('GET /subscriptions', json(200, 'subscriptions')),
  ask('GET /subscriptions?sink=x&source=y', json(200, 'subscriptions')),
  ask('GET /subscriptions?sink=x&sink=y', wrongQuery),
  ask('GET /subscriptions/foo', wrongPath),
  ask('GET /subscriptions/sub_1zzzzzzzzzzzzzzzzzzzzzz', wrongPath),
  ask(
    `GET /subscriptions/${unknownSubscription}`,
    error(404, `The requested subscription '${unknownSubscription}' does not exist`),
  ),
  ask(
    `DELETE /subscriptions/${unknownSubscription}`,
    error(404, `not found in the schema registry: subscription with id '${unknownSubscription}'`),
  ),
  ask('DELETE /subscriptions/sub_bad', wrongPath),
  ask('POST /subscriptions', wrongShape, { body: {} }),
  ask('POST /subscriptions', wrongShape, { body: { source: 5, sink } }),
  ask('POST /subscriptions', wrongShape, { body: { source: 'kafka://x/y', sink, options: { a: 1 } } }),
  ask(
    'POST /subscriptions',
    badUri("invalid source URI 'foo://x/y': must have a scheme segment, with supported schemes: [kafka]."),
    {
      body: { source: 'foo://x/y', sink },
    },
  ),
  ask(
    'POST /subscriptions',
    badUri("invalid sink URI 'http://A/b': must have a scheme segment, with supported schemes: [service]."),
    {
      body: { source: 'kafka://x/y', sink: 'http://A/b' },
    },
  ),
  ask(
    'POST /subscriptions',
    badUri("invalid sink URI 'service://A/b': cannot find service/handler specified in the sink URI."),
    {
      body: { source: 'kafka://x/y', sink: 'service://A/b' },
    },
  ),
  ask('POST /subscriptions', error(400, "Kafka cluster 'nope' not found. Available clusters: []"), {
    body: { source: 'kafka://nope/topic', sink, options: null },
  }),
  ask('PUT /subscriptions/foo', notAllowed('GET', 'HEAD', 'DELETE')),
  ask('PUT /subscriptions', notAllowed('POST', 'GET', 'HEAD')),
]

const versionFailed = (pattern: string, version: number) =>
  error(409, `rule precondition Matches(v${version}) for pattern ${pattern} failed (actual version: None)`)

export const limiterRules: readonly RecordedRequest[] = [
  ask('PUT /limits/rules', json(200), { body: [] }),
  ask('PUT /limits/rules', wrongShape, { body: {} }),
  ask('PUT /limits/rules', wrongShape, { body: [{}] }),
  ask('PUT /limits/rules', wrongShape, { body: [{ pattern: '' }] }),
  ask('PUT /limits/rules', wrongShape, { body: [{ pattern: 'a b' }] }),
  ask('PUT /limits/rules', wrongShape, { body: [{ pattern: 'a/b/c/d' }] }),
  ask('PUT /limits/rules', wrongShape, { body: [{ pattern: 'a', limits: { concurrency: 0 } }] }),
  ask('PUT /limits/rules', wrongShape, { body: [{ pattern: 'a', precondition: { type: 'zap' } }] }),
  ask('PUT /limits/rules', versionFailed('a', 9), {
    body: [{ pattern: 'a', precondition: { type: 'matches', version: 9 } }],
  }),
  ask('PUT /limits/rules', json(200), {
    body: [{ pattern: 'recorded/*', limits: { concurrency: 3 } }],
    ours: notSupported,
  }),
  ask('PUT /limits/rules', notJson, { raw: { type: undefined, text: '[]' } }),
  ask('GET /limits/rules', notAllowed('PUT')),
  ask('POST /limits/rules/bulk-delete', json(200), { body: [] }),
  ask('POST /limits/rules/bulk-delete', json(200), { body: [{ pattern: 'nope' }] }),
  ask('POST /limits/rules/bulk-delete', versionFailed('nope', 3), { body: [{ pattern: 'nope', expected_version: 3 }] }),
  ask('POST /limits/rules/bulk-delete', wrongShape, { body: ['a'] }),
  ask('POST /limits/rules/bulk-delete', wrongShape, { body: [{ pattern: 'a b' }] }),
  ask('GET /limits/rules/bulk-delete', notAllowed('POST')),
]

export const vqueues: readonly RecordedRequest[] = ['pause', 'resume'].flatMap((name) => [
  ask(`POST /vqueues/x/${name}`, badVqueue('bad format')),
  ask(`POST /vqueues/vq_bad/${name}`, badVqueue('unrecognized codec version')),
  ask(`POST /vqueues/${unknownVqueue}/${name}`, empty(202), { ours: notSupported }),
  ask(`GET /vqueues/x/${name}`, notAllowed('POST')),
  ask('GET /vqueues/x', empty(404)),
])
