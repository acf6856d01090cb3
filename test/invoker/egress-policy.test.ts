import type { LookupFunction } from 'node:net'
import { networkInterfaces } from 'node:os'
import t from 'tap'
import { EgressDenied } from '../../src/errors/invoker.ts'
import { DefaultEgressPolicy } from '../../src/invoker/egress/default-egress-policy.ts'

const policy = new DefaultEgressPolicy()

t.test('denied hosts and literal addresses, in every spelling', async (t) => {
  const denied = [
    'http://169.254.169.254/',
    'http://2852039166/',
    'http://0xa9.0xfe.0xa9.0xfe/',
    'http://0251.0376.0251.0376/',
    'http://169.254.43518/',
    'http://①⑥⑨.254.169.254/',
    'http://169.254.0.1:9080/',
    'http://[::ffff:169.254.169.254]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[::169.254.169.254]/',
    'http://[::ffff:0:169.254.169.254]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://[2002:a9fe:a9fe::]/',
    // A network's own NAT64, behind 96, 64, 56 and 48 bits.
    'http://[64:ff9b:1::a9fe:a9fe]/',
    'http://[64:ff9b:1:0:a9:fea9:fe00:0]/',
    'http://[64:ff9b:1:a9:fe:a9fe::]/',
    'http://[64:ff9b:1:a9fe:a9:fe00::]/',
    'http://[2001:db8::5efe:a9fe:a9fe]/',
    'http://[2001:db8::200:5efe:a9fe:a9fe]/',
    'http://[fe80::1]/',
    'http://[febf::1]/',
    'http://[ff02::1]/',
    'http://[fd00:ec2::254]/',
    'http://[::]:9070/',
    'http://0.0.0.0:9070/',
    'http://100.100.100.200/',
    'http://192.0.0.192/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://metadata/',
    'http://METADATA.google.internal./',
    'http://x.metadata.google.internal/',
    'http://instance-data/',
    'https://instance-data.ec2.internal/',
    'ftp://localhost/',
  ]
  for (const url of denied) t.throws(() => policy.checkUrl(new URL(url)), { code: EgressDenied.definition.code }, url)
})

t.test('services are usually in such places', async (t) => {
  const allowed = [
    'http://127.0.0.1:9080/',
    'http://[::1]:9080/',
    'http://localhost:9080/',
    'http://10.1.2.3:9080/',
    'http://192.168.0.9/',
    'http://[fd00::7]/',
    'http://[64:ff9b::808:808]/',
    'http://[64:ff9b:1::a00:1]/',
    'http://[64:ff9b:1::808:808]/',
    // 203.0.113.250 behind 64, 56 and 48 bits; 8.240.1.1 behind 48.
    'http://[64:ff9b:1:0:cb:71:fa00:0]/',
    'http://[64:ff9b:1:cb:0:71fa::]/',
    'http://[64:ff9b:1:cb00:71:fa00::]/',
    'http://[64:ff9b:1:8f0:1:100::]/',
    'https://greeter.example.com/',
    'http://metadata-service:9080/',
    'http://100.100.100.201/',
  ]
  for (const url of allowed) t.doesNotThrow(() => policy.checkUrl(new URL(url)), url)
})

/** A resolver that knows one name and counts how often it is asked. */
function resolver(...answers: string[]): LookupFunction & { asked: string[] } {
  const asked: string[] = []
  const lookup: LookupFunction = (hostname, _options, callback) => {
    asked.push(hostname)
    callback(
      null,
      answers.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
  return Object.assign(lookup, { asked })
}

function look(lookup: LookupFunction, all: boolean, name = 'service.example'): Promise<unknown> {
  return new Promise((resolve, reject) => {
    lookup(name, { all }, (error, address) => (error === null ? resolve(address) : reject(error)))
  })
}

t.test('what a name resolves to is checked at each look-up', async (t) => {
  const good = new DefaultEgressPolicy({ resolve: resolver('10.0.0.7', 'fd00::7') })
  t.same(await look(good.lookupFor(9080), true), [
    { address: '10.0.0.7', family: 4 },
    { address: 'fd00::7', family: 6 },
  ])
  t.equal(await look(good.lookupFor(9080), false), '10.0.0.7')

  for (const answers of [['169.254.169.254'], ['10.0.0.7', '169.254.169.254'], ['93.184.216.34', 'fe80::1%eth0']]) {
    const rebound = new DefaultEgressPolicy({ resolve: resolver(...answers) })
    const lookup = rebound.lookupFor(9080)
    await t.rejects(look(lookup, true), { code: EgressDenied.definition.code }, answers.join())
    await t.rejects(look(lookup, false), { code: EgressDenied.definition.code }, answers.join())
  }
})

t.test('errors of the resolver come through', async (t) => {
  const failing: LookupFunction = (_hostname, _options, callback) =>
    callback(Object.assign(new Error('unknown'), { code: 'ENOTFOUND' }), [])
  await t.rejects(look(new DefaultEgressPolicy({ resolve: failing }).lookupFor(9080), true), { code: 'ENOTFOUND' })
})

t.test("the server's own ports", async (t) => {
  const outside = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .find((entry) => entry.family === 'IPv4' && !entry.internal)?.address
  const own = new DefaultEgressPolicy({
    ownListeners: () => [
      { address: '127.0.0.1', port: 9070 },
      { address: '0.0.0.0', port: 8080 },
      { address: '::', port: 5122 },
    ],
    resolve: resolver('127.0.0.1'),
  })
  const isDenied = (url: string) => {
    try {
      own.checkUrl(new URL(url))
      return false
    } catch {
      return true
    }
  }
  t.ok(isDenied('http://127.0.0.1:9070/'))
  t.ok(isDenied('http://[::ffff:127.0.0.1]:9070/'))
  t.ok(isDenied('http://[64:ff9b::127.0.0.1]:9070/'), 'where a gateway leads back')
  t.ok(isDenied('http://[2002:7f00:1::]:9070/'))
  for (const name of ['localhost', 'localhost.', 'LOCALHOST.']) {
    await t.rejects(look(own.lookupFor(9070), true, name), { code: EgressDenied.definition.code }, name)
  }
  t.notOk(isDenied('http://127.0.0.2:9070/'))
  t.notOk(isDenied('http://127.0.0.1:9080/'))
  for (const port of [8080, 5122]) {
    t.ok(isDenied(`http://127.0.0.2:${port}/`))
    t.ok(isDenied(`http://[::1]:${port}/`))
    if (outside !== undefined) {
      t.ok(isDenied(`http://${outside}:${port}/`))
      for (const form of [`64:ff9b::${outside}`, `::ffff:${outside}`, `::${outside}`])
        t.ok(isDenied(`http://[${form}]:${port}/`), form)
    }
    t.notOk(isDenied(`http://203.0.113.9:${port}/`))
  }
  await t.rejects(look(own.lookupFor(9070), true), { code: EgressDenied.definition.code })
  t.same(await look(own.lookupFor(9080), true), [{ address: '127.0.0.1', family: 4 }])
})
