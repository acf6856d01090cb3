import type { AdminOperations } from './operation.ts'
import {
  type Content,
  flag,
  integer,
  json,
  listOf,
  nullable,
  nullables,
  object,
  ref,
  type Schema,
  text,
  texts,
  words,
} from './schema-terms.ts'

/** Of what perdure does not have there is an empty list. */
const none: Schema = { type: 'array', maxItems: 0 }
const properties: Content = { properties: texts("With 'bootstrap.servers' or 'metadata.broker.list'.") }
const precondition = object({ type: words('none', 'matches', 'does_not_exist') }, { version: integer(0) })

/** Requests for what only Restate has: their form is checked, then they are refused. */
export const absentSchemas: Readonly<Record<string, Schema>> = {
  CreateKafkaClusterRequest: object({ name: text(), ...properties }),
  UpdateKafkaClusterRequest: object(properties),
  CreateSubscriptionRequest: object(
    { source: text('kafka://{cluster}/{topic}'), sink: text('service://{Service}/{handler}') },
    { options: nullable(texts()) },
  ),
  UpsertRuleRequest: object(
    { pattern: text() },
    nullables({
      limits: object({}, nullables({ concurrency: integer(1) })),
      description: text(),
      disabled: flag(),
      precondition,
    }),
  ),
  DeleteRuleRequest: object({ pattern: text() }, nullables({ expected_version: integer(0) })),
}

/** Kafka, limiter rules and vqueues, which are answered for as an empty Restate does. */
export const absentOperations: AdminOperations = {
  'GET /kafka-clusters': {
    id: 'list_kafka_clusters',
    tag: 'kafka_cluster',
    summary: 'No Kafka clusters',
    success: { 200: json(object({ clusters: none })) },
  },
  'POST /kafka-clusters': {
    id: 'create_kafka_cluster',
    tag: 'kafka_cluster',
    summary: 'Not supported',
    body: ref('CreateKafkaClusterRequest'),
    errors: [501],
  },
  'GET /kafka-clusters/{cluster_name}': {
    id: 'get_kafka_cluster',
    tag: 'kafka_cluster',
    summary: 'There is none',
    query: { include_subscriptions: { schema: flag(), description: 'With its subscriptions.' } },
    errors: [400, 404],
  },
  'PATCH /kafka-clusters/{cluster_name}': {
    id: 'update_kafka_cluster',
    tag: 'kafka_cluster',
    summary: 'There is none',
    body: ref('UpdateKafkaClusterRequest'),
    errors: [404],
  },
  'DELETE /kafka-clusters/{cluster_name}': {
    id: 'delete_kafka_cluster',
    tag: 'kafka_cluster',
    summary: 'There is none',
    query: { force: { schema: flag(), description: 'With its subscriptions.' } },
    errors: [400, 404],
  },
  'GET /subscriptions': {
    id: 'list_subscriptions',
    tag: 'subscription',
    summary: 'No subscriptions',
    query: {
      sink: { schema: text(), description: 'Those with this sink.' },
      source: { schema: text(), description: 'Those with this source.' },
    },
    success: { 200: json(object({ subscriptions: none })) },
    errors: [400],
  },
  'POST /subscriptions': {
    id: 'create_subscription',
    tag: 'subscription',
    summary: 'Refused: its Kafka cluster does not exist',
    body: ref('CreateSubscriptionRequest'),
  },
  'GET /subscriptions/{subscription}': {
    id: 'get_subscription',
    tag: 'subscription',
    summary: 'There is none',
    errors: [400, 404],
  },
  'DELETE /subscriptions/{subscription}': {
    id: 'delete_subscription',
    tag: 'subscription',
    summary: 'There is none',
    errors: [400, 404],
  },
  'PUT /limits/rules': {
    id: 'upsert_rules',
    tag: 'rule',
    summary: 'Not supported, but for an empty list',
    body: listOf(ref('UpsertRuleRequest')),
    success: { 200: json(none) },
    errors: [409, 501],
  },
  'POST /limits/rules/bulk-delete': {
    id: 'bulk_delete_rules',
    tag: 'rule',
    summary: 'Removes none: there are no rules',
    body: listOf(ref('DeleteRuleRequest')),
    success: { 200: json(none) },
    errors: [409],
  },
  'POST /vqueues/{vqueue_id}/pause': {
    id: 'pause_vqueue',
    tag: 'vqueue',
    summary: 'Not supported',
    errors: [400, 501],
  },
  'POST /vqueues/{vqueue_id}/resume': {
    id: 'resume_vqueue',
    tag: 'vqueue',
    summary: 'Not supported',
    errors: [400, 501],
  },
}
