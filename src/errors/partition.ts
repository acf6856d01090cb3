import { defineError } from './perdure-error.ts'

/** More is waiting for the disk than the server may hold; the request was not accepted and may be repeated. */
export const PartitionOverloaded = defineError({ code: 'PERDURE_ERR_PARTITION_OVERLOADED', status: 503 })

/** The server is shutting down; the request was not accepted, or its answer will not come over this connection. */
export const PartitionClosed = defineError({ code: 'PERDURE_ERR_PARTITION_CLOSED', status: 503 })

/** Log or store have failed while a request was under way: it may have been accepted or not. */
export const PartitionFailed = defineError({ code: 'PERDURE_ERR_PARTITION_FAILED', status: 503 })
