import type { LookupFunction } from 'node:net'
import t from 'tap'
import type { EgressConfig } from '../../src/config/config.ts'
import { parseEgressRule } from '../../src/config/egress-rule.ts'
import { DefaultEgressPolicy } from '../../src/invoker/egress/default-egress-policy.ts'
import { egressLoosenings } from '../../src/invoker/egress/egress-loosenings.ts'

function rules(options: { strict?: boolean; allow?: readonly string[]; deny?: readonly string[] }): EgressConfig {
  const parsed = (texts: readonly string[] = []) =>
    texts.map((text) => {
      const rule = parseEgressRule(text)
      if (!rule.ok) throw new Error(`${text}: ${rule.reason}`)
      return rule.value
    })
  return {
    mode: options.strict === true ? 'strict' : 'default',
    allow: parsed(options.allow),
    deny: parsed(options.deny),
  }
}

const names: Readonly<Record<string, readonly string[]>> = {
  'service.internal': ['10.0.0.7'],
  'a.pods.internal': ['10.1.0.1', 'fd00::1'],
  'rebound.internal': ['10.0.0.7', '169.254.169.254'],
  'link-local.internal': ['169.254.7.7'],
}
const asked: string[] = []
const resolve: LookupFunction = (name, _options, callback) => {
  asked.push(name)
  callback(
    null,
    (names[name.replace(/\.$/, '')] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
  )
}

/** Why a connection to `host:port` is refused, as it would be made: URL first, then what the name resolves to. */
function refusal(policy: DefaultEgressPolicy, authority: string): string | undefined {
  const url = new URL(`http://${authority}/`)
  try {
    policy.checkUrl(url)
  } catch (error) {
    return String(error)
  }
  if (/^[[\d]/.test(url.hostname)) return undefined
  let found: string | undefined
  policy.lookupFor(Number(url.port || 80))(url.hostname, { all: true }, (error) => {
    found = error === null ? undefined : String(error)
  })
  return found
}

interface Case {
  readonly rules: Parameters<typeof rules>[0]
  readonly open?: readonly string[]
  /** Authority, and what the error must say. */
  readonly closed?: readonly (readonly [authority: string, says: RegExp])[]
}

const cases: Readonly<Record<string, Case>> = {
  'deny: addresses, ranges, names and domains, each with or without port': {
    rules: { deny: ['10.1.0.0/16', '10.0.0.7:9080', 'evil.internal', '*.bad.internal:80', 'fd00:1::/32'] },
    open: ['10.0.0.7:9081', '10.2.0.1', 'service.internal', '[fd00:2::1]'],
    closed: [
      ['10.1.2.3', /egress\.deny has "10\.1\.0\.0\/16"/],
      ['[::ffff:10.1.2.3]', /"10\.1\.0\.0\/16"/],
      ['[64:ff9b::10.1.2.3]', /"10\.1\.0\.0\/16"/],
      ['0x0a010203', /"10\.1\.0\.0\/16"/],
      ['10.0.0.7:9080', /"10\.0\.0\.7:9080"/],
      ['service.internal:9080', /which resolves to 10\.0\.0\.7.*"10\.0\.0\.7:9080"/],
      ['evil.internal', /"evil\.internal"/],
      ['EVIL.internal.:1', /"evil\.internal"/],
      ['x.y.bad.internal', /"\*\.bad\.internal:80"/],
      ['[fd00:1::5]', /"fd00:1::\/32"/],
    ],
  },
  'deny wins over allow': {
    rules: { strict: true, allow: ['10.0.0.0/8', 'service.internal'], deny: ['10.0.0.0/24'] },
    open: ['10.0.1.1'],
    closed: [
      ['10.0.0.7', /egress\.deny has/],
      ['service.internal', /egress\.deny has/],
    ],
  },
  'strict: nothing but what is named': {
    rules: { strict: true, allow: ['10.0.0.7:9080', '*.pods.internal', 'fd00::/8'] },
    open: ['10.0.0.7:9080', 'service.internal:9080', 'a.pods.internal', '[fd00::9]:1'],
    closed: [
      ['10.0.0.7:9081', /egress\.mode is "strict".*add "10\.0\.0\.7:9081"/],
      ['127.0.0.1:9080', /add "127\.0\.0\.1:9080"/],
      ['93.184.216.34', /strict/],
      ['service.internal', /add "service\.internal:80"/],
      ['pods.internal', /add "pods\.internal:80"|no address/],
      ['[fe80::1]', /link-local/],
    ],
  },
  'strict: names are not even looked up where no address could be allowed': {
    rules: { strict: true, allow: ['service.internal:9080'] },
    open: ['service.internal:9080'],
    closed: [['secret-in-a-label.attacker.example', /strict/]],
  },
  'an allowed name does not lift what is denied by default': {
    rules: { allow: ['rebound.internal', 'link-local.internal', 'metadata.google.internal'], strict: true },
    closed: [
      ['rebound.internal', /metadata service/],
      ['link-local.internal', /169\.254\.0\.0\/16/],
      ['metadata.google.internal', /name of a metadata service/],
    ],
  },
  'a range that is wider than what is denied lifts nothing': {
    rules: { allow: ['0.0.0.0/0', '::/0', '169.0.0.0/8'], strict: true },
    open: ['93.184.216.34', '127.0.0.1:1', '[2001:db8::1]'],
    closed: [
      ['169.254.7.7', /link-local/],
      ['169.254.169.254', /metadata/],
      ['224.0.0.1', /multicast/],
      ['[ff02::1]', /multicast/],
    ],
  },
  'a range inside lifts the denial, but for metadata services': {
    rules: { allow: ['169.254.0.0/16'] },
    open: ['169.254.7.7', 'link-local.internal'],
    closed: [
      ['169.254.169.254', /exactly "169\.254\.169\.254"/],
      ['169.254.170.2', /metadata/],
      ['rebound.internal', /metadata/],
    ],
  },
  'the exact address lifts the denial of a metadata service, with the port if there is one': {
    rules: { allow: ['169.254.169.254:80', '64:ff9b::a9fe:a9fe'] },
    open: ['169.254.169.254', '2852039166', '[::ffff:a9fe:a9fe]', 'rebound.internal', '[64:ff9b::a9fe:a9fe]:9'],
    closed: [
      ['169.254.169.254:81', /metadata/],
      ['metadata.google.internal', /name of a metadata/],
      ['[64:ff9b::a9fe:aa02]', /an IPv6 form of/],
    ],
  },
  'an own port: only by address and port': {
    rules: { allow: ['127.0.0.1', '127.0.0.0/8:9070', '::1', '[::1]:9070'], strict: true },
    open: ['127.0.0.1:9080', '[::1]:9070'],
    closed: [
      ['127.0.0.1:9070', /a port of this server itself.*"127\.0\.0\.1:9070"/],
      ['0.0.0.0:9070', /a port of this server itself/],
    ],
  },
  'an own port, named': { rules: { allow: ['127.0.0.1:9070'] }, open: ['127.0.0.1:9070', '[::ffff:7f00:1]:9070'] },
}

for (const [what, { rules: options, open = [], closed = [] }] of Object.entries(cases)) {
  t.test(what, async (t) => {
    const policy = new DefaultEgressPolicy({
      rules: rules(options),
      resolve,
      ownListeners: () => [
        { address: '127.0.0.1', port: 9070 },
        { address: '::1', port: 9070 },
      ],
    })
    for (const authority of open) t.equal(refusal(policy, authority), undefined, authority)
    for (const [authority, says] of closed) {
      t.match(refusal(policy, authority), says, authority)
      t.match(refusal(policy, authority), /Use |add |resolves to no address/, 'says what to do')
    }
    t.notOk(asked.includes('secret-in-a-label.attacker.example'))
  })
}

t.test('loosenings are named, and nothing else is', async (t) => {
  const lines = (allow: readonly string[], ownPorts?: readonly number[]) =>
    egressLoosenings(rules({ strict: true, allow }), ownPorts)
  t.same(lines(['10.0.0.0/8', '0.0.0.0/0', '::/0', 'service.internal', '127.0.0.1:9080', '*.internal'], [9070]), [])
  t.match(lines(['169.254.169.254']), [/^egress\.allow has "169\.254\.169\.254": .* a metadata service/])
  t.match(lines(['169.254.0.0/16', '169.254.169.254/31']), [/169\.254\.0\.0\/16/, /169\.254\.0\.0\/16/])
  t.match(lines(['[64:ff9b::a9fe:a9fe]:80']), [/metadata/])
  t.match(lines(['[ff00::/8]:1']), [/ff00::\/8/])
  t.match(lines(['127.0.0.1:9070'], [9070]), [/port 9070/])
})
