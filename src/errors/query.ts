import { defineError } from './perdure-error.ts'

/** The text is not SQL, or is a statement that would change something. The peer answers 400. */
export const QueryRefused = defineError({ code: 'PERDURE_ERR_QUERY_REFUSED', status: 400 })

/** The text is SQL, but asks for what does not exist or does not fit. The peer answers 500, and clients know it so. */
export const QueryInvalid = defineError({ code: 'PERDURE_ERR_QUERY_INVALID', status: 500 })

/** SQL that the peer runs and this server does not. */
export const QueryUnsupported = defineError({ code: 'PERDURE_ERR_QUERY_UNSUPPORTED', status: 500 })

/** The query failed while it ran: a cast, a division by zero. */
export const QueryFailed = defineError({ code: 'PERDURE_ERR_QUERY_FAILED', status: 500 })

/** The text is too long, or too deeply nested. */
export const QueryTooComplex = defineError({ code: 'PERDURE_ERR_QUERY_TOO_COMPLEX', status: 400 })

export const QueryTimeout = defineError({ code: 'PERDURE_ERR_QUERY_TIMEOUT', status: 503 })

export const QueryOutOfMemory = defineError({ code: 'PERDURE_ERR_QUERY_OUT_OF_MEMORY', status: 503 })

/** More rows, or more bytes, than an answer may have. */
export const QueryResultTooLarge = defineError({ code: 'PERDURE_ERR_QUERY_RESULT_TOO_LARGE', status: 413 })

/** Too many queries wait already. */
export const QueryOverloaded = defineError({ code: 'PERDURE_ERR_QUERY_OVERLOADED', status: 429 })

/** The client has gone, or the server stops: nobody waits for the answer. */
export const QueryAborted = defineError({ code: 'PERDURE_ERR_QUERY_ABORTED', status: 503 })

/** The process that runs queries did not start, or ended by itself. */
export const QueryProcessFailed = defineError({ code: 'PERDURE_ERR_QUERY_PROCESS_FAILED', status: 503 })
