import { defineError } from './perdure-error.ts'

/*
 * Why an attempt failed. `status` becomes the code of the failure that operators see, `restateCode` the public
 * code beside it. All of them are retried but where it is said: none ends an invocation by itself.
 */

/** No deployment is known for the service, or the pinned one is gone. */
export const NoDeployment = defineError({
  code: 'PERDURE_ERR_INVOKER_NO_DEPLOYMENT',
  status: 500,
  restateCode: 'RT0011',
})

/** The deployment speaks no protocol version that this server speaks. */
export const DeploymentProtocolUnsupported = defineError({
  code: 'PERDURE_ERR_INVOKER_DEPLOYMENT_PROTOCOL',
  status: 500,
  restateCode: 'RT0013',
})

/** The invocation began under a protocol version that this server does not speak. */
export const PinnedProtocolUnsupported = defineError({
  code: 'PERDURE_ERR_INVOKER_PINNED_PROTOCOL',
  status: 500,
  restateCode: 'RT0014',
})

/** No connection, or it was lost: refused, reset, timed out, shut down by the peer. */
export const ServiceUnreachable = defineError({
  code: 'PERDURE_ERR_INVOKER_UNREACHABLE',
  status: 500,
  restateCode: 'RT0010',
})

/** The peer does not answer in HTTP/2. */
export const PeerNotHttp2 = defineError({
  code: 'PERDURE_ERR_INVOKER_NOT_HTTP2',
  status: 500,
  restateCode: 'RT0010',
})

/** 502 or 504: something between the server and the service is down. */
export const ServiceUnavailable = defineError({
  code: 'PERDURE_ERR_INVOKER_UNAVAILABLE',
  status: 500,
  restateCode: 'RT0010',
})

/** 429 or 503. */
export const RateLimited = defineError({
  code: 'PERDURE_ERR_INVOKER_RATE_LIMITED',
  status: 500,
  restateCode: 'RT0023',
})

/** 413. */
export const RequestTooLarge = defineError({
  code: 'PERDURE_ERR_INVOKER_REQUEST_TOO_LARGE',
  status: 500,
  restateCode: 'RT0019',
})

/** 415: the service does not know the protocol version of the request. */
export const MediaTypeUnsupported = defineError({
  code: 'PERDURE_ERR_INVOKER_MEDIA_TYPE_UNSUPPORTED',
  status: 415,
  restateCode: 'RT0015',
})

/** Any other status, or a success that is not in the content type of the request. */
export const UnexpectedResponse = defineError({
  code: 'PERDURE_ERR_INVOKER_UNEXPECTED_RESPONSE',
  status: 500,
  restateCode: 'RT0012',
})

/** The service sent what the protocol does not allow. */
export const ProtocolViolation = defineError({
  code: 'PERDURE_ERR_INVOKER_PROTOCOL_VIOLATION',
  status: 500,
  restateCode: 'RT0012',
})

/** The service neither suspended nor finished in the time that it had left. */
export const AbortTimeoutFired = defineError({
  code: 'PERDURE_ERR_INVOKER_ABORT_TIMEOUT',
  status: 500,
  restateCode: 'RT0001',
})

/** The response ended without saying how the attempt ended. */
export const StreamEndedEarly = defineError({
  code: 'PERDURE_ERR_INVOKER_STREAM_ENDED',
  status: 500,
  restateCode: 'RT0007',
})

/** A command that this kind of handler may not send, or with impossible arguments. */
export const CommandRefused = defineError({
  code: 'PERDURE_ERR_INVOKER_COMMAND_REFUSED',
  status: 500,
  restateCode: 'RT0017',
})

/** A call goes to a service or handler that is not registered. */
export const CalleeNotFound = defineError({
  code: 'PERDURE_ERR_INVOKER_CALLEE_NOT_FOUND',
  status: 500,
  restateCode: 'RT0018',
})

/** A call or an attach names a scope or a limit key. */
export const FlowControlMissing = defineError({
  code: 'PERDURE_ERR_INVOKER_FLOW_CONTROL_MISSING',
  status: 500,
  restateCode: 'RT0024',
})

/** The journal has as many entries as it may have. Pauses the invocation. */
export const JournalTooLong = defineError({ code: 'PERDURE_ERR_INVOKER_JOURNAL_TOO_LONG', status: 500 })

/** The journal is larger than it may be. Not retried: the rule for used-up attempts decides. */
export const JournalTooLarge = defineError({ code: 'PERDURE_ERR_INVOKER_JOURNAL_TOO_LARGE', status: 500 })

/** The request identity key cannot be used; the server does not start without the identity that it was asked for. */
export const IdentityKeyInvalid = defineError({ code: 'PERDURE_ERR_INVOKER_IDENTITY_KEY_INVALID', status: 500 })

/** The address is one that the server does not connect to: metadata, link-local, its own listeners. */
export const EgressDenied = defineError({ code: 'PERDURE_ERR_INVOKER_EGRESS_DENIED', status: 400 })
