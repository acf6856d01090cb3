import type { DeploymentRecord } from '../core/deployment.ts'
import { AdminField } from '../errors/admin.ts'
import type { RegisterRequest, UpdateRequest } from '../registry/requests.ts'
import { readAuth } from './auth-model.ts'
import { unmaskHeaders } from './header-mask.ts'
import { BodyFields } from './json-body.ts'
import type { ApiVersion } from './operation.ts'

/** Reads `POST /deployments`. `force` is off unless asked for; `/v2` had it on. */
export function readRegistration(body: unknown, apiVersion: ApiVersion | undefined): RegisterRequest {
  const fields = new BodyFields(body, 'data did not match any variant of untagged enum RegisterDeploymentRequest: ')
  const uri = fields.string('uri')
  const arn = fields.string('arn')
  if (uri === undefined && arn === undefined) throw fields.invalid('uri', 'missing field')
  const auth = readAuth(fields)
  const registration = {
    uri: uri ?? '',
    additionalHeaders: unmasked(fields.strings('additional_headers') ?? {}, undefined),
    ...(auth === undefined ? {} : { auth }),
    metadata: fields.strings('metadata') ?? {},
    useHttp11: fields.boolean('use_http_11') ?? false,
    force: fields.boolean('force') ?? apiVersion === 2,
    breaking: fields.boolean('breaking') ?? false,
    dryRun: fields.boolean('dry_run') ?? false,
  }
  if (uri === undefined) {
    // The peer leaves it out silently.
    if (auth !== undefined) {
      throw new AdminField(
        "The request field 'auth' is invalid. Reason: GCP authentication is for HTTP deployments, which have a 'uri'; Lambda deployments use 'assume_role_arn'",
      )
    }
    throw new AdminField("The request field 'arn' is invalid. Reason: Lambda deployments are not supported by perdure")
  }
  return registration
}

/**
 * Reads `PATCH /deployments/{id}`. The peer takes a body without `uri` for that of a Lambda deployment and then
 * ignores `use_http_11`; here it is what it says. The peer ignores `auth`; here it replaces the authentication, or with
 * null removes it.
 */
export function readDeploymentUpdate(body: unknown, current: DeploymentRecord): UpdateRequest {
  const fields = new BodyFields(body, 'data did not match any variant of untagged enum UpdateDeploymentRequest: ')
  const uri = fields.string('uri')
  const headers = fields.strings('additional_headers')
  const useHttp11 = fields.boolean('use_http_11')
  const auth = fields.isNull('auth') ? null : readAuth(fields)
  if (fields.has('arn') || fields.has('assume_role_arn')) {
    throw new AdminField(
      'cannot update the deployment, as the deployment type is http while the update options are for type lambda',
    )
  }
  return {
    ...(uri === undefined ? {} : { uri }),
    ...(headers === undefined ? {} : { additionalHeaders: unmasked(headers, current) }),
    ...(auth === undefined ? {} : { auth }),
    ...(useHttp11 === undefined ? {} : { useHttp11 }),
    overwrite: fields.boolean('overwrite') ?? false,
    dryRun: fields.boolean('dry_run') ?? false,
  }
}

function unmasked(headers: Readonly<Record<string, string>>, current: DeploymentRecord | undefined) {
  const result = unmaskHeaders(headers, current?.additionalHeaders ?? [])
  if ('headers' in result) return result.headers
  throw new AdminField(
    `The request field 'additional_headers' is invalid. Reason: the value of '${result.unknown}' is the mask that this API shows instead of a secret; send the real value.`,
  )
}
