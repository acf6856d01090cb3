import { defineError } from './perdure-error.ts'

/** A field of a registration or update request is unusable. */
export const RegistrationInvalid = defineError({ code: 'PERDURE_ERR_REGISTRY_REQUEST_INVALID', status: 400 })

/** No usable connection: refused, unknown host, reset, TLS failure. */
export const DeploymentUnreachable = defineError({
  code: 'PERDURE_ERR_REGISTRY_UNREACHABLE',
  status: 500,
  restateCode: 'META0003',
})

/** The deployment did not answer discovery within the time allowed. */
export const DiscoveryTimeout = defineError({
  code: 'PERDURE_ERR_REGISTRY_DISCOVERY_TIMEOUT',
  status: 500,
  restateCode: 'META0003',
})

/** The deployment answered discovery with a status other than 2xx. */
export const DiscoveryStatus = defineError({
  code: 'PERDURE_ERR_REGISTRY_DISCOVERY_STATUS',
  status: 500,
  restateCode: 'META0003',
})

/** The deployment does not answer in HTTP/2, which plain http deployments are expected to speak. */
export const Http2NotSpoken = defineError({
  code: 'PERDURE_ERR_REGISTRY_HTTP2_NOT_SPOKEN',
  status: 500,
  restateCode: 'META0014',
})

/** What came back is not a service manifest: content type, size, protocol fields. */
export const BadDiscoveryResponse = defineError({
  code: 'PERDURE_ERR_REGISTRY_BAD_DISCOVERY_RESPONSE',
  status: 500,
  restateCode: 'META0013',
})

/** The SDK and this server have no service protocol version in common. */
export const ProtocolVersionsDisjoint = defineError({
  code: 'PERDURE_ERR_REGISTRY_PROTOCOL_VERSIONS_DISJOINT',
  status: 500,
  restateCode: 'META0012',
})

/** The deployment asks for two-way streams over a transport that has none. */
export const StreamingUnsupported = defineError({
  code: 'PERDURE_ERR_REGISTRY_STREAMING_UNSUPPORTED',
  status: 500,
  restateCode: 'META0015',
})

/** A service was asked to convert a payload, and did not. */
export const PayloadNotConverted = defineError({ code: 'PERDURE_ERR_REGISTRY_PAYLOAD_NOT_CONVERTED', status: 500 })

/** A service has a name that belongs to the server. */
export const ServiceNameReserved = defineError({
  code: 'PERDURE_ERR_REGISTRY_SERVICE_NAME_RESERVED',
  status: 400,
  restateCode: 'META0005',
})

/** A service or handler combines options that exclude each other. */
export const ServiceInvalid = defineError({ code: 'PERDURE_ERR_REGISTRY_SERVICE_INVALID', status: 400 })

/** A new revision would change the type of a known service. */
export const ServiceTypeChanged = defineError({
  code: 'PERDURE_ERR_REGISTRY_SERVICE_TYPE_CHANGED',
  status: 409,
  restateCode: 'META0006',
})

/** An update would move a deployment to an SDK with another range of protocol versions. */
export const ProtocolVersionsChanged = defineError({
  code: 'PERDURE_ERR_REGISTRY_PROTOCOL_VERSIONS_CHANGED',
  status: 400,
  restateCode: 'META0016',
})

/** The deployment or service is not registered. */
export const NotRegistered = defineError({ code: 'PERDURE_ERR_REGISTRY_NOT_REGISTERED', status: 404 })

/** The server is stopping. */
export const RegistryClosed = defineError({ code: 'PERDURE_ERR_REGISTRY_CLOSED', status: 503 })
