import { AdminField, AdminNotFound, AdminNotSupported } from '../errors/admin.ts'
import { BodyFields } from './json-body.ts'
import type { AdminRoute } from './operation.ts'
import { booleanParameter } from './query-string.ts'

/** What may stand in the authority of a URI; the peer reads names of clusters as such. */
const uriCharacters = /^[\w.~!$&'()*+,;=:@%[\]-]*$/

/**
 * Kafka clusters, of which there are none here: reads, and writes that concern one, answer as those of the admin API 1.7.12
 * without clusters. What would make one is refused.
 */
export function kafkaClusterRoutes(): AdminRoute[] {
  return [
    {
      path: '/kafka-clusters',
      methods: {
        GET: { handle: () => ({ status: 200, json: { clusters: [] } }) },
        POST: {
          jsonBody: true,
          audit: 'kafka-cluster.create',
          handle({ body }) {
            const fields = new BodyFields(body)
            const name = fields.string('name')
            if (name === undefined) throw fields.invalid('name', 'missing field')
            const problem = clusterNameProblem(name)
            if (problem !== undefined) throw fields.invalid('name', problem)
            checkProperties(name, fields)
            throw new AdminNotSupported(
              'perdure does not read from Kafka. Have a consumer of yours send each record to ingress: ' +
                'POST /{service}/{handler}/send, with topic, partition and offset as its idempotency-key',
            )
          },
        },
      },
    },
    {
      path: '/kafka-clusters/:cluster',
      methods: {
        GET: {
          handle({ params: { cluster = '' }, query }) {
            booleanParameter(query, 'include_subscriptions')
            throw new AdminNotFound(`The requested Kafka cluster '${cluster}' does not exist`)
          },
        },
        PATCH: {
          jsonBody: true,
          audit: 'kafka-cluster.update',
          handle({ params: { cluster = '' }, body }) {
            const problem = clusterNameProblem(cluster)
            if (problem !== undefined) {
              throw new AdminField(`The request field 'cluster_name' is invalid. Reason: ${problem}`)
            }
            checkProperties(cluster, new BodyFields(body))
            throw new AdminNotFound(`not found in the schema registry: kafka cluster '${cluster}'`)
          },
        },
        DELETE: {
          audit: 'kafka-cluster.delete',
          handle({ params: { cluster = '' }, query }) {
            booleanParameter(query, 'force')
            throw new AdminNotFound(`not found in the schema registry: kafka cluster named '${cluster}'`)
          },
        },
      },
    },
  ]
}

function clusterNameProblem(name: string): string | undefined {
  if (name === '') return 'empty string'
  return uriCharacters.test(name) ? undefined : 'invalid uri character'
}

function checkProperties(cluster: string, fields: BodyFields): void {
  const properties = fields.strings('properties')
  if (properties === undefined) throw fields.invalid('properties', 'missing field')
  if (Object.hasOwn(properties, 'bootstrap.servers') || Object.hasOwn(properties, 'metadata.broker.list')) return
  throw new AdminField(
    `kafka cluster '${cluster}' properties must contain either 'bootstrap.servers' or 'metadata.broker.list'`,
  )
}
