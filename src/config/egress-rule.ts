import { isIP } from 'node:net'
import { isHostName } from './address-types.ts'
import { textList } from './collection-types.ts'
import { accepted, type Parsed, refused, type ValueType } from './value-type.ts'

/** Where connections may or may not go: one entry of `egress.allow` or `egress.deny`. */
export type EgressRule = EgressTarget & {
  /** As it was written, for messages. */
  readonly text: string
  /** `undefined`: every port. */
  readonly port: number | undefined
}

type EgressTarget =
  /** A single address is a subnet with the longest prefix. */
  | {
      readonly kind: 'subnet'
      readonly family: 'ipv4' | 'ipv6'
      readonly address: string
      readonly prefixLength: number
    }
  /** In lower case, without a dot at the end. */
  | { readonly kind: 'name'; readonly name: string }
  /** `*.example.com` has the suffix `.example.com`: every name below the domain, not the domain itself. */
  | { readonly kind: 'domain'; readonly suffix: string }

const longestPrefix = { ipv4: 32, ipv6: 128 } as const

/** Whether the rule names one address, as opposed to a range or names. */
export function isSingleAddress(rule: EgressRule): boolean {
  return rule.kind === 'subnet' && rule.prefixLength === longestPrefix[rule.family]
}

/** Reads `10.0.0.0/8`, `10.0.0.7:9080`, `[fd00::7]:9080`, `[fd00::/8]:9080`, `service.internal:9080` or `*.internal`. */
export function parseEgressRule(text: string): Parsed<EgressRule> {
  const parts = splitPort(text)
  if (parts === undefined) return refused('the port is not a number from 1 to 65535')
  const target = parseTarget(parts.host)
  return target.ok ? accepted({ ...target.value, text, port: parts.port }) : target
}

function splitPort(text: string): { readonly host: string; readonly port: number | undefined } | undefined {
  const [, bracketed, plain, portText] = /^(?:\[([^\]]*)\]|([^:]*))(?::([^:]*))?$/.exec(text) ?? []
  // More than one colon and no brackets: an IPv6 address.
  const host = bracketed ?? plain ?? text
  if (portText === undefined) return { host, port: undefined }
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : 0
  return port >= 1 && port <= 65_535 ? { host, port } : undefined
}

function parseTarget(host: string): Parsed<EgressTarget> {
  const [address = '', prefixText, ...more] = host.split('/')
  const family = familyOf(address)
  if (family !== undefined && more.length === 0) return parseSubnet(family, address, prefixText)
  if (prefixText !== undefined) return refused('what is before the slash is not an IP address')
  const name = host.toLowerCase().replace(/\.$/, '')
  const domain = name.startsWith('*.') ? name.slice(2) : name
  // The last label of a name has a letter; what has none is an address in a spelling that the check would never see.
  if (isIP(domain) !== 0 || !isHostName(domain) || /^(0x[0-9a-f]*|\d+)$/.test(domain.split('.').at(-1) ?? '')) {
    return refused('it is not an IP address, a range, a host name or "*." and a domain')
  }
  return accepted(domain === name ? { kind: 'name', name } : { kind: 'domain', suffix: `.${domain}` })
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  if (address.includes('%')) return undefined
  const family = isIP(address)
  return family === 0 ? undefined : family === 4 ? 'ipv4' : 'ipv6'
}

function parseSubnet(family: 'ipv4' | 'ipv6', address: string, prefixText: string | undefined): Parsed<EgressTarget> {
  const longest = longestPrefix[family]
  const prefixLength = prefixText === undefined ? longest : /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : Infinity
  if (prefixLength > longest) return refused(`behind the slash is a number from 0 to ${longest}`)
  if (family === 'ipv6' && /^::ffff:/i.test(new URL(`http://[${address}]`).hostname.slice(1))) {
    return refused('addresses of this form are compared as IPv4: write the IPv4 address')
  }
  return accepted({ kind: 'subnet', family, address, prefixLength })
}

const texts = textList(
  'egress rules',
  'addresses, ranges such as "10.0.0.0/8", host names or "*.domain", with or without ":port"',
  (item) => {
    const rule = parseEgressRule(item)
    return rule.ok ? undefined : rule.reason
  },
)

/** Entries of `egress.allow` and `egress.deny`. */
export const egressRules: ValueType<readonly EgressRule[]> = {
  ...texts,
  parse: (raw) => {
    const items = texts.parse(raw)
    if (!items.ok) return items
    return accepted(
      items.value.flatMap((item) => {
        const rule = parseEgressRule(item)
        return rule.ok ? [rule.value] : []
      }),
    )
  },
  format: (rules) => texts.format(rules.map(({ text }) => text)),
}
