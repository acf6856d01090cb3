import { defineError } from './perdure-error.ts'

/*
 * Why there is no Google ID token for a deployment. The public code is that of invocations, `RT0010`; at discovery
 * the same errors carry `META0003`, see `forDiscovery` of gcp/id-tokens.ts.
 */

/** The authentication that a registration asks for is unusable: its audience, service account or address. */
export const GcpAuthInvalid = defineError({ code: 'PERDURE_ERR_GCP_AUTH_INVALID', status: 400 })

/** No usable credentials: the file is missing, unreadable, of an unknown type, or points outside Google. */
export const GcpCredentialsUnusable = defineError({
  code: 'PERDURE_ERR_GCP_CREDENTIALS_UNUSABLE',
  status: 500,
  restateCode: 'RT0010',
})

/** These credentials can mint an ID token only by impersonating a service account. */
export const GcpAmbientUnsupported = defineError({
  code: 'PERDURE_ERR_GCP_AMBIENT_UNSUPPORTED',
  status: 500,
  restateCode: 'RT0010',
})

/** Google, or the metadata server, gave no token. */
export const GcpMintFailed = defineError({ code: 'PERDURE_ERR_GCP_MINT_FAILED', status: 500, restateCode: 'RT0010' })

/** There was no token within the time allowed. */
export const GcpMintTimeout = defineError({ code: 'PERDURE_ERR_GCP_MINT_TIMEOUT', status: 500, restateCode: 'RT0010' })

/** The server is stopping. */
export const GcpTokensClosed = defineError({ code: 'PERDURE_ERR_GCP_TOKENS_CLOSED', status: 503 })
