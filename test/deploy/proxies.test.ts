import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'

// Envoy is no package of Debian: its file is read here. nginx and Caddy run, in test/e2e/nginx and caddy.test.ts.
const recipes = join(import.meta.dirname, '../../deploy')
const read = (file: string) => readFileSync(join(recipes, file), 'utf8')
const envoy = parse(read('envoy/envoy.yaml'))
const [listener] = envoy.static_resources.listeners
const [chain] = listener.filter_chains
const manager = chain.filters[0].typed_config
const [host] = manager.route_config.virtual_hosts

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => (match[1] ?? '').toLowerCase()).sort()
}

t.test('every proxy strips the same credentials', async (t) => {
  const stripped = [...host.request_headers_to_remove].sort()
  t.ok(stripped.length >= 9)
  for (const name of ['authorization', 'cookie', 'x-serverless-authorization']) t.ok(stripped.includes(name))
  t.same(
    matches(read('caddy/Caddyfile'), /^\t\trequest_header -(\S+)$/gm).filter((name) => name !== 'x-caller-id'),
    stripped,
  )
  const ofConnection = ['connection', 'content-length', 'te']
  const nginx = new Set(matches(read('nginx/perdure.conf'), /proxy_set_header (\S+) "";/g))
  t.same(
    [...nginx].filter((name) => !ofConnection.includes(name)),
    stripped,
  )
})

t.test('Envoy: TLS, then who calls, and only then ingress', async (t) => {
  t.equal(envoy.static_resources.listeners.length, 1)
  t.notOk('admin' in envoy, 'its own admin interface is off')
  const tls = chain.transport_socket.typed_config.common_tls_context
  t.equal(tls.tls_params.tls_minimum_protocol_version, 'TLSv1_2')
  t.same(tls.alpn_protocols, ['h2', 'http/1.1'])
  const filters: readonly { readonly name: string }[] = manager.http_filters
  t.same(
    filters.map(({ name }) => name),
    ['envoy.filters.http.header_mutation', 'envoy.filters.http.ext_authz', 'envoy.filters.http.router'],
  )
  const [mutation, authorization] = manager.http_filters
  t.same(
    mutation.typed_config.mutations.request_mutations,
    [{ remove: 'x-caller-id' }],
    'a caller says nothing of who calls',
  )
  t.equal(authorization.typed_config.failure_mode_allow, false)
  t.same(authorization.typed_config.http_service.authorization_response.allowed_upstream_headers.patterns, [
    { exact: 'x-caller-id' },
  ])
  t.equal(manager.forward_client_cert_details, 'SANITIZE')
  t.equal(manager.use_remote_address, true)
  t.equal(manager.path_with_escaped_slashes_action, 'KEEP_UNCHANGED', 'keys pass unchanged')
  const [log] = manager.access_log
  t.notMatch(log.typed_config.log_format.text_format_source.inline_string, /%REQ\((?!:METHOD)/, 'no header is logged')
})

t.test('Envoy leads to ingress and nowhere else', async (t) => {
  t.same(host.routes, [{ match: { prefix: '/' }, route: { cluster: 'perdure_ingress', timeout: '3600s' } }])
  const [ingress, authentication, ...more] = envoy.static_resources.clusters
  t.same(more, [])
  const endpoint = (cluster: typeof ingress) => cluster.load_assignment.endpoints[0].lb_endpoints[0].endpoint.address
  t.same(endpoint(ingress), { pipe: { path: '/run/perdure/ingress.sock' } })
  t.equal(endpoint(authentication).socket_address.address, '127.0.0.1')
  const [protocol] = Object.values<typeof ingress>(ingress.typed_extension_protocol_options)
  t.same(protocol.explicit_http_config, { http2_protocol_options: {} })
})
