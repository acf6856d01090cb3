/** Former names of keys, from restate-server, that still work and warn. */
export const DEPRECATED_KEYS: ReadonlyMap<string, string> = new Map([
  ['request-identity-private-key-pem-file', 'worker.invoker.request-identity-private-key-pem-file'],
  ['additional-request-headers', 'worker.invoker.additional-request-headers'],
  ['connect-timeout', 'worker.invoker.connect-timeout'],
  ['http-keep-alive-options.interval', 'worker.invoker.http2-keep-alive-interval'],
  ['http-keep-alive-options.timeout', 'worker.invoker.http2-keep-alive-timeout'],
  ['ingress.advertised-ingress-endpoint', 'ingress.advertised-address'],
  ['admin.advertised-ingress-endpoint', 'ingress.advertised-address'],
  ['admin.advertised-admin-endpoint', 'admin.advertised-address'],
])
