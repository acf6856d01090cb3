import { defineError } from './perdure-error.ts'

/** The store's worker thread failed; the log has everything, so a restart goes on. */
export const StoreFailed = defineError({ code: 'PERDURE_ERR_STORE_FAILED', status: 503 })

/** The store's files were written by a version that keeps them in another form. */
export const StoreFormatUnknown = defineError({ code: 'PERDURE_ERR_STORE_FORMAT_UNKNOWN', status: 500 })
