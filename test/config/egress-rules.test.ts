import t from 'tap'
import { load, messageOf } from './load.ts'

t.test('what a rule may be', async (t) => {
  const texts = [
    '10.0.0.0/8',
    '10.0.0.7',
    '10.0.0.7:9080',
    '10.0.0.0/8:9080',
    'fd00::/8',
    'fd00::7',
    '[fd00::7]:9080',
    '[fd00::/8]:443',
    'Service.Internal.:8080',
    '*.svc.cluster.local',
    '*.svc.cluster.local:443',
    'localhost',
  ]
  const { config, dump } = load({ file: `[egress]\nmode = "strict"\nallow = ${JSON.stringify(texts)}` })
  t.equal(config.egress.mode, 'strict')
  t.match(config.egress.allow, [
    { kind: 'subnet', family: 'ipv4', address: '10.0.0.0', prefixLength: 8, port: undefined },
    { kind: 'subnet', address: '10.0.0.7', prefixLength: 32, port: undefined },
    { kind: 'subnet', address: '10.0.0.7', prefixLength: 32, port: 9080 },
    { kind: 'subnet', address: '10.0.0.0', prefixLength: 8, port: 9080 },
    { kind: 'subnet', family: 'ipv6', address: 'fd00::', prefixLength: 8, port: undefined },
    { kind: 'subnet', address: 'fd00::7', prefixLength: 128, port: undefined },
    { kind: 'subnet', address: 'fd00::7', prefixLength: 128, port: 9080 },
    { kind: 'subnet', address: 'fd00::', prefixLength: 8, port: 443 },
    { kind: 'name', name: 'service.internal', port: 8080 },
    { kind: 'domain', suffix: '.svc.cluster.local', port: undefined },
    { kind: 'domain', suffix: '.svc.cluster.local', port: 443 },
    { kind: 'name', name: 'localhost', port: undefined },
  ])
  t.match(dump(), 'allow = ["10.0.0.0/8", "10.0.0.7", "10.0.0.7:9080"')
  const env = { RESTATE_EGRESS__DENY: '10.0.0.0/8, *.internal:80', RESTATE_EGRESS__MODE: 'default' }
  t.match(load({ env }).config.egress, { mode: 'default', allow: [], deny: [{ kind: 'subnet' }, { port: 80 }] })
})

t.test('what a rule may not be', async (t) => {
  const wrong: readonly (readonly [rule: string, reason: RegExp])[] = [
    ['10.0.0.0/33', /0 to 32/],
    ['fd00::/129', /0 to 128/],
    ['10.0.0.0/', /0 to 32/],
    ['service/8', /not an IP address/],
    ['10.0.0.7:0', /port/],
    ['10.0.0.7:65536', /port/],
    ['a.example:http', /port/],
    ['2852039166', /not an IP address/],
    ['0xa9fea9fe', /not an IP address/],
    ['10.1', /not an IP address/],
    ['fe80::1%eth0', /not an IP address/],
    ['::ffff:10.0.0.1', /write the IPv4 address/],
    ['*', /not an IP address/],
    ['a.*.example', /not an IP address/],
    ['http://a.example', /./],
    ['', /./],
  ]
  for (const [rule, reason] of wrong) {
    const message = messageOf(() => load({ file: `[egress]\nallow = [${JSON.stringify(rule)}]` }))
    t.match(message, /egress\.allow/, rule)
    t.match(message, reason, rule)
  }
})
