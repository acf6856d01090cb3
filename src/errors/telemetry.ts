import { defineError } from './perdure-error.ts'

/** `log-filter` does not follow the grammar `[target=]level[,…]`. */
export const LogFilterInvalid = defineError({ code: 'PERDURE_ERR_TELEMETRY_LOG_FILTER', status: 500 })
