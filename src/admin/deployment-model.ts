import type { DeploymentRecord } from '../core/deployment.ts'
import type { Registration } from '../registry/registry.ts'
import { authModel } from './auth-model.ts'
import { maskedHeaders } from './header-mask.ts'
import { type ServiceDefaults, serviceModel } from './service-model.ts'

/** An item of `GET /deployments`: services by name and revision. */
export function deploymentItem(deployment: DeploymentRecord) {
  return deploymentModel(
    deployment,
    deployment.services.map(({ name, revision }) => ({ name, revision })),
  )
}

/** The answer of `GET /deployments/{id}`: services in full, in the revision that this deployment has. */
export function deploymentDetail(deployment: DeploymentRecord, defaults: ServiceDefaults) {
  return deploymentModel(
    deployment,
    deployment.services.map((service) => serviceModel(deployment, service, defaults)),
  )
}

/** The answer of `POST /deployments`. */
export function registrationModel({ deployment, info }: Registration, defaults: ServiceDefaults) {
  return {
    id: deployment.id,
    services: deployment.services.map((service) => serviceModel(deployment, service, defaults)),
    min_protocol_version: deployment.minProtocolVersion,
    max_protocol_version: deployment.maxProtocolVersion,
    ...(deployment.sdkVersion === undefined ? {} : { sdk_version: deployment.sdkVersion }),
    ...(info.length === 0 ? {} : { info }),
  }
}

/** Keys and their order as in the admin API 1.7.12; empty optional ones are left out. */
function deploymentModel<Service>(deployment: DeploymentRecord, services: readonly Service[]) {
  return {
    id: deployment.id,
    uri: deployment.uri,
    protocol_type: deployment.protocolMode === 'BIDI_STREAM' ? 'BidiStream' : 'RequestResponse',
    http_version: deployment.httpVersion,
    ...(deployment.additionalHeaders.length === 0
      ? {}
      : { additional_headers: maskedHeaders(deployment.additionalHeaders) }),
    ...(Object.keys(deployment.metadata).length === 0 ? {} : { metadata: deployment.metadata }),
    created_at: nanosecondTimestamp(deployment.createdAt),
    min_protocol_version: deployment.minProtocolVersion,
    max_protocol_version: deployment.maxProtocolVersion,
    ...(deployment.sdkVersion === undefined ? {} : { sdk_version: deployment.sdkVersion }),
    services,
    ...(deployment.auth === undefined ? {} : { auth: authModel(deployment.auth) }),
  }
}

/** RFC 3339 with nine fractional digits, as the peer writes `created_at`. */
function nanosecondTimestamp(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000000Z')
}
