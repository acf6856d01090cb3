import { BlockList, isIP } from 'node:net'
import { type EgressRule, isSingleAddress } from '../../config/egress-rule.ts'
import { canonicalAddress } from './ip-address.ts'

type SubnetRule = EgressRule & { readonly kind: 'subnet' }
type NameRule = EgressRule & { readonly kind: 'name' | 'domain' }

/** The entries of `egress.allow` or of `egress.deny`, ready to be asked. */
export class RuleSet {
  readonly #names: readonly NameRule[]
  readonly #subnets: readonly { readonly rule: SubnetRule; readonly list: BlockList }[]

  constructor(rules: readonly EgressRule[]) {
    this.#names = rules.filter((rule): rule is NameRule => rule.kind !== 'subnet')
    this.#subnets = rules
      .filter((rule): rule is SubnetRule => rule.kind === 'subnet')
      .map((rule) => {
        const list = new BlockList()
        list.addSubnet(rule.address, rule.prefixLength, rule.family)
        return { rule, list }
      })
  }

  /** The rule for a host name in lower case. */
  ofName(name: string, port: number): EgressRule | undefined {
    return this.#names.find(
      (rule) => isForPort(rule, port) && (rule.kind === 'name' ? rule.name === name : name.endsWith(rule.suffix)),
    )
  }

  /** The rule for an address in canonical form, among those that `accept` takes. */
  ofAddress(
    canonical: string,
    port: number,
    accept: (rule: SubnetRule) => boolean = () => true,
  ): EgressRule | undefined {
    const family = isIP(canonical) === 4 ? 'ipv4' : 'ipv6'
    return this.#subnets.find(
      ({ rule, list }) =>
        rule.family === family && isForPort(rule, port) && list.check(canonical, family) && accept(rule),
    )?.rule
  }

  /** Whether some address could be accepted on this port. */
  hasAddresses(port: number): boolean {
    return this.#subnets.some(({ rule }) => isForPort(rule, port))
  }

  /** Whether exactly this address is named, and with this port. */
  hasEndpoint(canonical: string, port: number): boolean {
    return this.#subnets.some(
      ({ rule }) => isSingleAddress(rule) && rule.port === port && canonicalAddress(rule.address) === canonical,
    )
  }
}

function isForPort(rule: EgressRule, port: number): boolean {
  return rule.port === undefined || rule.port === port
}
