/** Headers of calls that must never be kept, by why: what is sent in them is searched for afterwards. */

/** Names that carry credentials or identities, and names that look like it. */
export const sensitive: readonly string[] = [
  'authorization',
  'proxy-authorization',
  'x-original-authorization',
  'x-forwarded-authorization',
  'x-serverless-authorization',
  'cookie',
  'cookie2',
  'set-cookie',
  'forwarded',
  'dpop',
  'client-cert',
  'client-cert-chain',
  'x-forwarded-client-cert',
  'x-goog-authenticated-user-email',
  'x-goog-authenticated-user-id',
  'x-goog-iap-jwt-assertion',
  'x-goog-iam-authority-selector',
  'x-endpoint-api-userinfo',
  'x-apigateway-api-userinfo',
  'x-ms-client-principal',
  'x-ms-token-aad-access-token',
  'x-forwarded-access-token',
  'x-auth-request-email',
  'x-auth-subject',
  'cf-access-jwt-assertion',
  'cf-access-client-id',
  'x-amz-security-token',
  'x-amzn-oidc-data',
  'x-amzn-mtls-clientcert',
  'x-envoy-peer-metadata',
  'x-ssl-client-dn',
  'ssl-client-verify',
  'x-api-key',
  'apikey',
  'x-access-token',
  'x-user-secret',
  'x-user-password',
  'x-db-passphrase',
  'x-credential',
  'x-session-id',
  'x-sid',
  'x-jwt',
  'x-saml-response',
  'x-csrf-token',
  'x-xsrf',
  'x-oidc-claims',
  'x-private-note',
]

/** Plain names that nobody has allowed. */
export const unlisted: readonly string[] = [
  'x-forwarded-user',
  'x-forwarded-for',
  'x-real-ip',
  'x-customer-number',
  'baggage',
  'referer',
  'origin',
  'if-none-match',
  'from',
  'x-amzn-trace-id',
  'stripe-signature',
]

/** The server's own, and those of the connection; what is in these is taken as it is. */
export const reserved: readonly string[] = [
  'x-restate-ingress-path',
  'x-restate-id',
  'x-restate-jwt-v1',
  'x-restate-any',
]
export const transport: readonly string[] = ['keep-alive', 'proxy-connection', 'trailer', 'http2-settings', 'x-hop']

/** Parameters of URLs. */
export const query: readonly string[] = [
  'access_token',
  'token',
  'api_key',
  'password',
  'sig',
  'code',
  'state',
  'q',
  'email',
]
