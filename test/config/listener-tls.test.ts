import t from 'tap'
import { knowsItsCallers } from '../../src/config/exposure.ts'
import { requiresClientCertificate } from '../../src/config/listener-tls.ts'
import { load } from './load.ts'

t.test('TLS keys: absolute paths, and https in what is advertised', async (t) => {
  const { config } = load({
    file: `
[ingress]
advertised-host = "restate.example"
[ingress.tls]
cert-file = "tls/ingress.pem"
key-file = "/etc/ingress.key"
[admin]
advertised-host = "restate.example"
`,
    env: { RESTATE_ADMIN__UNIX_SOCKET_PATH: 'run/admin.sock', RESTATE_ADMIN__UNIX_SOCKET_GROUP: 'ops' },
  })
  t.strictSame(config.ingress.tls, {
    certFile: '/srv/tls/ingress.pem',
    keyFile: '/etc/ingress.key',
    clientCaFile: undefined,
    clientNames: [],
  })
  t.equal(config.ingress.advertisedAddress, 'https://restate.example:8080/')
  t.equal(config.admin.advertisedAddress, 'http://restate.example:9070/')
  t.equal(config.admin.tls, undefined)
  t.equal(config.admin.unixSocketPath, '/srv/run/admin.sock')
  t.equal(config.admin.unixSocketGroup, 'ops')
  t.equal(config.fabric.tls, undefined)
})

t.test('half of it counts, so that the listener does not start instead of speaking in clear', async (t) => {
  for (const file of ['cert-file = "a"', 'key-file = "a"', 'client-ca-file = "a"', 'client-names = ["a"]']) {
    t.not(load({ file: `[ingress.tls]\n${file}` }).config.ingress.tls, undefined, file)
  }
  t.throws(() => load({ file: '[ingress.tls]\nclient-names = [""]' }), { code: 'PERDURE_ERR_CONFIG_INVALID_VALUE' })
})

t.test('a client CA makes a server know its callers', async (t) => {
  const file = '[admin.tls]\ncert-file = "a"\nkey-file = "b"\n'
  const without = load({ file }).config
  const having = load({ file: `${file}client-ca-file = "c"\nclient-names = ["ops.internal"]` }).config
  t.notOk(requiresClientCertificate(without.admin))
  t.notOk(knowsItsCallers(without, 'admin'))
  t.ok(requiresClientCertificate(having.admin))
  t.ok(knowsItsCallers(having, 'admin'))
  t.notOk(knowsItsCallers(having, 'fabric'))
})

t.test('a group that the mode keeps out is worth a warning', async (t) => {
  const { warnings } = load({ file: '[ingress]\nunix-socket-group = "www-data"' })
  t.strictSame(warnings, [
    'ingress.unix-socket-group has no effect: ingress.unix-socket-mode lets no group connect; "0660" does',
  ])
  const open = load({ file: '[ingress]\nunix-socket-group = "www-data"\nunix-socket-mode = "0660"' })
  t.strictSame(open.warnings, [])
})
