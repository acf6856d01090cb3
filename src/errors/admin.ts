import { defineError } from './perdure-error.ts'

/** The request body does not say that it is JSON. */
export const AdminContentType = defineError({ code: 'PERDURE_ERR_ADMIN_CONTENT_TYPE', status: 415 })

export const AdminBodyTooLarge = defineError({ code: 'PERDURE_ERR_ADMIN_BODY_TOO_LARGE', status: 413 })

/** The body is not JSON. */
export const AdminBodySyntax = defineError({ code: 'PERDURE_ERR_ADMIN_BODY_SYNTAX', status: 400 })

/** The body is JSON, but a field is missing or has the wrong type. */
export const AdminBodyShape = defineError({ code: 'PERDURE_ERR_ADMIN_BODY_SHAPE', status: 422 })

export const AdminQueryString = defineError({ code: 'PERDURE_ERR_ADMIN_QUERY_STRING', status: 400 })

/** An id in the path cannot be parsed. */
export const AdminPath = defineError({ code: 'PERDURE_ERR_ADMIN_PATH', status: 400 })

/** The path asks for an API version that this server does not serve. */
export const AdminApiVersion = defineError({ code: 'PERDURE_ERR_ADMIN_API_VERSION', status: 400 })

/** The request is well formed, but what one of its fields says cannot be done. */
export const AdminField = defineError({ code: 'PERDURE_ERR_ADMIN_FIELD', status: 400 })

export const AdminNotFound = defineError({ code: 'PERDURE_ERR_ADMIN_NOT_FOUND', status: 404 })

export const AdminConflict = defineError({ code: 'PERDURE_ERR_ADMIN_CONFLICT', status: 409 })

/** `PUT /deployments/{id}` outside `/v2`. */
export const AdminMethodDeprecated = defineError({ code: 'PERDURE_ERR_ADMIN_METHOD_DEPRECATED', status: 405 })

/** Source or sink of a Kafka subscription is none that can be. */
export const AdminSubscriptionUri = defineError({
  code: 'PERDURE_ERR_ADMIN_SUBSCRIPTION_URI',
  status: 400,
  restateCode: 'META0009',
})

/** Tokens are configured, and the request has none. */
export const AdminNoToken = defineError({ code: 'PERDURE_ERR_ADMIN_NO_TOKEN', status: 401 })

/** The token of the request is not one of those that are configured. */
export const AdminBadToken = defineError({ code: 'PERDURE_ERR_ADMIN_BAD_TOKEN', status: 401 })

/** Who has sent the request is known, and may not do this. */
export const AdminRoleTooLow = defineError({ code: 'PERDURE_ERR_ADMIN_ROLE_TOO_LOW', status: 403 })

/** The file of admin tokens cannot be read, is open to others, or has a line that is no token. */
export const AdminBadTokensFile = defineError({ code: 'PERDURE_ERR_ADMIN_BAD_TOKENS_FILE', status: 500 })

/** Part of the peer's admin API that this server does not have. */
export const AdminNotSupported = defineError({ code: 'PERDURE_ERR_ADMIN_NOT_SUPPORTED', status: 501 })

/** The client closed its connection before the answer was ready; nobody sees this but the audit log. */
export const AdminClientGone = defineError({ code: 'PERDURE_ERR_ADMIN_CLIENT_GONE', status: 499 })

/** The invocation is in a state that the operation is not for: completed, still running, not paused. */
export const AdminInvocationState = defineError({ code: 'PERDURE_ERR_ADMIN_INVOCATION_STATE', status: 409 })

/** The invocation waits for its time or for its turn; the operation needs one that has begun. */
export const AdminInvocationNotStarted = defineError({ code: 'PERDURE_ERR_ADMIN_INVOCATION_NOT_STARTED', status: 425 })

/** A restart needs the input of the invocation, and its journal is not kept any more. */
export const AdminJournalGone = defineError({ code: 'PERDURE_ERR_ADMIN_JOURNAL_GONE', status: 410 })

export const AdminRestartUnsupported = defineError({ code: 'PERDURE_ERR_ADMIN_RESTART_UNSUPPORTED', status: 422 })

/** The entry of the journal that a restart should go on from cannot be one. */
export const AdminRestartPoint = defineError({ code: 'PERDURE_ERR_ADMIN_RESTART_POINT', status: 400 })

/** The deployment that an invocation should go on with is none, or not one for it. */
export const AdminDeploymentChoice = defineError({ code: 'PERDURE_ERR_ADMIN_DEPLOYMENT_CHOICE', status: 400 })

export const AdminBatchTooLarge = defineError({ code: 'PERDURE_ERR_ADMIN_BATCH_TOO_LARGE', status: 400 })

/** A call came through `/ingress` of admin, and ingress does not answer. */
export const AdminIngressUnreachable = defineError({ code: 'PERDURE_ERR_ADMIN_INGRESS_UNREACHABLE', status: 502 })
