import {
  type Content,
  flag,
  integer,
  listOf,
  nullables,
  object,
  ref,
  type Schema,
  text,
  texts,
  timestamp,
  words,
} from './schema-terms.ts'

const additionalHeaders = texts('Sent with every request to the deployment. Answers show secrets as `***`.')

const reaching: Content = {
  additional_headers: additionalHeaders,
  use_http_11: flag('Speak HTTP/1.1 to it.'),
  auth: ref('HttpAuth'),
}

const shown: Content = {
  additional_headers: additionalHeaders,
  metadata: texts(),
  sdk_version: text(),
  auth: ref('HttpAuth'),
}

/** A deployment whose services are shown like this. */
const deployment = (services: Schema) =>
  object(
    {
      id: text(),
      uri: text(),
      protocol_type: words('BidiStream', 'RequestResponse'),
      http_version: words('HTTP/1.0', 'HTTP/1.1', 'HTTP/2.0'),
      created_at: timestamp(),
      min_protocol_version: integer(0),
      max_protocol_version: integer(0),
      services: listOf(services),
    },
    shown,
  )

export const deploymentSchemas: Readonly<Record<string, Schema>> = {
  HttpAuth: object(
    {
      GoogleIdToken: object(
        {},
        nullables({
          audience: text('Scheme, host and port of the URI, unless it is given.'),
          impersonate_service_account: text('E-mail address of a service account.'),
        }),
      ),
    },
    {},
    'Send Google ID tokens, for services on Cloud Run that are not public.',
  ),
  RegisterDeploymentRequest: object(
    { uri: text('An absolute http or https URL.') },
    nullables({
      ...reaching,
      metadata: texts('Notes of the user.'),
      breaking: flag('Services may change their type.'),
      force: flag('Discover again what is registered, and overwrite it. On by default under /v2 only.'),
      dry_run: flag('Check and answer, but store nothing.'),
    }),
  ),
  RegisterDeploymentResponse: object(
    {
      id: text(),
      services: listOf(ref('ServiceMetadata')),
      min_protocol_version: integer(0),
      max_protocol_version: integer(0),
    },
    {
      sdk_version: text(),
      info: listOf(object({ message: text() }, { code: text() }), 'What the registration should be known for.'),
    },
  ),
  UpdateDeploymentRequest: object(
    {},
    nullables({
      uri: text('An absolute http or https URL.'),
      ...reaching,
      overwrite: flag('Take over its services as they are now.'),
      dry_run: flag('Check and answer, but store nothing.'),
    }),
  ),
  DeploymentResponse: deployment(object({ name: text(), revision: integer(1) })),
  DetailedDeploymentResponse: deployment(ref('ServiceMetadata')),
  ListDeploymentsResponse: object({ deployments: listOf(ref('DeploymentResponse')) }),
}
