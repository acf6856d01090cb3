import type { Schema } from '../core/schema.ts'
import { AdminField, AdminNotFound, AdminPath, AdminSubscriptionUri } from '../errors/admin.ts'
import { BodyFields } from './json-body.ts'
import type { AdminRoute } from './operation.ts'
import { textParameter } from './query-string.ts'
import { resourceIdProblem } from './resource-id.ts'

/**
 * Kafka subscriptions, of which there are none here, because there are no Kafka clusters to subscribe to. All answers are those of the
 * admin API 1.7.12 without clusters.
 */
export function subscriptionRoutes(schema: Schema): AdminRoute[] {
  return [
    {
      path: '/subscriptions',
      methods: {
        GET: {
          handle({ query }) {
            for (const filter of ['sink', 'source']) textParameter(query, filter)
            return { status: 200, json: { subscriptions: [] } }
          },
        },
        POST: {
          jsonBody: true,
          audit: 'subscription.create',
          handle({ body }) {
            const cluster = readSubscription(new BodyFields(body), schema)
            throw new AdminField(`Kafka cluster '${cluster}' not found. Available clusters: []`)
          },
        },
      },
    },
    {
      path: '/subscriptions/:subscription',
      methods: {
        GET: {
          handle({ params: { subscription = '' } }) {
            checkId(subscription)
            throw new AdminNotFound(`The requested subscription '${subscription}' does not exist`)
          },
        },
        DELETE: {
          audit: 'subscription.delete',
          handle({ params: { subscription = '' } }) {
            checkId(subscription)
            throw new AdminNotFound(`not found in the schema registry: subscription with id '${subscription}'`)
          },
        },
      },
    },
  ]
}

function checkId(text: string): void {
  const problem = resourceIdProblem(text, 'sub')
  if (problem === undefined) return
  throw new AdminPath(`Invalid URL: Cannot parse \`subscription\` with value \`${text}\`: ${problem}`)
}

/** The cluster that a new subscription names, after all checks that come before the search for it. */
function readSubscription(fields: BodyFields, schema: Schema): string {
  const source = fields.string('source')
  if (source === undefined) throw fields.invalid('source', 'missing field')
  const sink = fields.string('sink')
  if (sink === undefined) throw fields.invalid('sink', 'missing field')
  fields.strings('options')
  const from = partsOf(source)
  if (from?.scheme !== 'kafka') throw badScheme('source', source, 'kafka')
  const to = partsOf(sink)
  if (to?.scheme !== 'service') throw badScheme('sink', sink, 'service')
  const handlers = schema.service(to.authority)?.service.handlers ?? []
  if (!handlers.some(({ name }) => name === to.path)) {
    throw new AdminSubscriptionUri(`invalid sink URI '${sink}': cannot find service/handler specified in the sink URI.`)
  }
  return from.authority
}

function partsOf(uri: string) {
  return /^(?<scheme>[a-z][a-z0-9+.-]*):\/\/(?<authority>[^/?#]*)\/?(?<path>.*)$/i.exec(uri)?.groups as
    | { readonly scheme: string; readonly authority: string; readonly path: string }
    | undefined
}

function badScheme(what: 'source' | 'sink', uri: string, supported: string): Error {
  return new AdminSubscriptionUri(
    `invalid ${what} URI '${uri}': must have a scheme segment, with supported schemes: [${supported}].`,
  )
}
