import { defineError } from './perdure-error.ts'

export const IngressBadPath = defineError({ code: 'PERDURE_ERR_INGRESS_BAD_PATH', status: 400 })
export const IngressNotFound = defineError({ code: 'PERDURE_ERR_INGRESS_NOT_FOUND', status: 404 })
export const IngressServiceNotFound = defineError({ code: 'PERDURE_ERR_INGRESS_SERVICE_NOT_FOUND', status: 404 })
export const IngressHandlerNotFound = defineError({ code: 'PERDURE_ERR_INGRESS_HANDLER_NOT_FOUND', status: 404 })
export const IngressNotPublic = defineError({ code: 'PERDURE_ERR_INGRESS_NOT_PUBLIC', status: 400 })
export const IngressDeploymentTooOld = defineError({ code: 'PERDURE_ERR_INGRESS_DEPLOYMENT_TOO_OLD', status: 400 })
export const IngressBadIdempotencyKey = defineError({ code: 'PERDURE_ERR_INGRESS_BAD_IDEMPOTENCY_KEY', status: 400 })
export const IngressBadScope = defineError({ code: 'PERDURE_ERR_INGRESS_BAD_SCOPE', status: 400 })
export const IngressBadLimitKey = defineError({ code: 'PERDURE_ERR_INGRESS_BAD_LIMIT_KEY', status: 400 })
export const IngressMethodNotAllowed = defineError({ code: 'PERDURE_ERR_INGRESS_METHOD_NOT_ALLOWED', status: 405 })
export const IngressBadInput = defineError({ code: 'PERDURE_ERR_INGRESS_BAD_INPUT', status: 400 })
export const IngressBadDelay = defineError({ code: 'PERDURE_ERR_INGRESS_BAD_DELAY', status: 400 })
export const IngressBadHeader = defineError({ code: 'PERDURE_ERR_INGRESS_BAD_HEADER', status: 400 })
export const IngressBadTarget = defineError({ code: 'PERDURE_ERR_INGRESS_BAD_TARGET', status: 400 })
export const IngressInvocationNotFound = defineError({ code: 'PERDURE_ERR_INGRESS_INVOCATION_NOT_FOUND', status: 404 })
/** 470 is Restate's own status for "exists, but has no result yet"; its clients test for the number. */
export const IngressNotReady = defineError({ code: 'PERDURE_ERR_INGRESS_NOT_READY', status: 470 })
export const IngressBodyTooLarge = defineError({ code: 'PERDURE_ERR_INGRESS_BODY_TOO_LARGE', status: 413 })

/** The id is well formed, but names a signal that is not an awakeable. */
export const IngressBadAwakeable = defineError({ code: 'PERDURE_ERR_INGRESS_BAD_AWAKEABLE', status: 400 })

/** The request has no credentials, and ingress wants some. */
export const IngressNoCredentials = defineError({ code: 'PERDURE_ERR_INGRESS_NO_CREDENTIALS', status: 401 })
export const IngressBadCredentials = defineError({ code: 'PERDURE_ERR_INGRESS_BAD_CREDENTIALS', status: 401 })

/** The keys that tokens are verified with cannot be had. */
export const IngressAuthUnavailable = defineError({ code: 'PERDURE_ERR_INGRESS_AUTH_UNAVAILABLE', status: 503 })

/** Stops the start: something in `ingress.auth` is missing, or contradicts something else. */
export const IngressBadAuthConfig = defineError({ code: 'PERDURE_ERR_INGRESS_BAD_AUTH_CONFIG', status: 500 })

/** Stops the start: `ingress.header-allow-list` or `header-allow-list-extra` holds a pattern that cannot work. */
export const IngressBadHeaderPattern = defineError({ code: 'PERDURE_ERR_INGRESS_BAD_HEADER_PATTERN', status: 500 })
