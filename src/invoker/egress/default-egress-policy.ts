import { lookup as systemLookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import type { EgressConfig } from '../../config/config.ts'
import { isSingleAddress } from '../../config/egress-rule.ts'
import { EgressDenied } from '../../errors/invoker.ts'
import { denialOf, isMetadataName } from './denied-ranges.ts'
import { type EgressPolicy, portOf } from './egress-policy.ts'
import { canonicalAddress, embeddedIpv4 } from './ip-address.ts'
import { type OwnListener, reachesOwnListener } from './own-listeners.ts'
import { RuleSet } from './rule-set.ts'

export interface EgressOptions {
  /** Mode and exceptions of the operator; without them, the default mode and none. */
  readonly rules?: EgressConfig
  /** Asked at every check, because ports are known only once the listeners are open. */
  readonly ownListeners?: () => readonly OwnListener[]
  /** Resolves names; the system's resolver unless a test records instead. */
  readonly resolve?: LookupFunction
}

/**
 * Everything is reachable but cloud metadata services, link-local, multicast and reserved addresses, and the
 * server's own ports; loopback and private networks stay open, because that is where services usually run. Operators
 * deny more with `egress.deny`, which always wins, and lift a denial by naming it in `egress.allow`; with `egress.mode =
 * "strict"` only what `egress.allow` names is reachable.
 */
export class DefaultEgressPolicy implements EgressPolicy {
  readonly #isStrict: boolean
  readonly #allowed: RuleSet
  readonly #denied: RuleSet
  readonly #ownListeners: () => readonly OwnListener[]
  readonly #resolve: LookupFunction

  constructor(options: EgressOptions = {}) {
    this.#isStrict = options.rules?.mode === 'strict'
    this.#allowed = new RuleSet(options.rules?.allow ?? [])
    this.#denied = new RuleSet(options.rules?.deny ?? [])
    this.#ownListeners = options.ownListeners ?? (() => [])
    this.#resolve = options.resolve ?? systemLookup
  }

  checkUrl(url: URL): void {
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw new EgressDenied(`deployments are reached by http:// or https://, not by ${url.protocol}//`)
    }
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const port = portOf(url)
    const reason = isIP(host) === 0 ? this.#whyNotName(nameOf(host), port) : this.#whyNotAddress(undefined, host, port)
    if (reason !== undefined) throw refusal(host, port, reason)
  }

  lookupFor(port: number): LookupFunction {
    return (hostname, options, callback) => {
      const name = nameOf(hostname)
      const reason = this.#whyNotName(name, port)
      if (reason !== undefined) {
        callback(refusal(hostname, port, reason), [])
        return
      }
      this.#resolve(hostname, { ...options, all: true }, (error, addresses) => {
        if (error !== null) {
          callback(error, [])
          return
        }
        const answers = Array.isArray(addresses) ? addresses : [{ address: addresses, family: isIP(addresses) }]
        const [first] = answers
        // One denied answer among good ones is how rebinding looks, so it spoils them all.
        for (const { address } of answers) {
          const why = this.#whyNotAddress(name, address, port)
          if (why === undefined) continue
          callback(refusal(hostname, port, why, address), [])
          return
        }
        if (first === undefined) callback(refusal(hostname, port, 'it resolves to no address'), [])
        else if (options.all === true) callback(null, answers)
        else callback(null, first.address, first.family)
      })
    }
  }

  /** What is wrong with a name whatever it resolves to. */
  #whyNotName(name: string, port: number): string | undefined {
    const rule = this.#denied.ofName(name, port)
    if (rule !== undefined) return deniedByRule(rule.text)
    if (isMetadataName(name)) {
      return `it is the name of a metadata service of a cloud, which hands out credentials. ${useOwnAddress}`
    }
    const isOutside =
      this.#isStrict && this.#allowed.ofName(name, port) === undefined && !this.#allowed.hasAddresses(port)
    return isOutside ? notAllowed(name, port) : undefined
  }

  /** `name` is what resolved to the address. */
  #whyNotAddress(name: string | undefined, address: string, port: number): string | undefined {
    const canonical = canonicalAddress(address)
    if (isIP(canonical) === 0) return 'it resolves to what is no IP address'
    // A gateway of the network may turn the one into the other, and lead back here.
    const ends = [canonical, ...embeddedIpv4(canonical)]
    const rule = ends.map((end) => this.#denied.ofAddress(end, port)).find((found) => found !== undefined)
    if (rule !== undefined) return deniedByRule(rule.text)
    const isOwn = ends.some((end) => reachesOwnListener(this.#ownListeners(), end, port))
    if (isOwn && !this.#allowed.hasEndpoint(canonical, port)) {
      return (
        `it is a port of this server itself. ${useOwnAddress} If this is meant, put "${endpoint(canonical, port)}" ` +
        'into egress.allow, with the port.'
      )
    }
    return this.#whyDeniedByDefault(canonical, port) ?? this.#whyNotAllowed(name, canonical, port)
  }

  #whyDeniedByDefault(canonical: string, port: number): string | undefined {
    const denial = denialOf(canonical)
    if (denial === undefined) return undefined
    const { range, isEmbedded } = denial
    const needsExact = range.isMetadata || isEmbedded
    // A rule that is wider than what is denied, such as 0.0.0.0/0, was not written with this in mind.
    const lifting = this.#allowed.ofAddress(canonical, port, (allowed) =>
      needsExact ? isSingleAddress(allowed) : allowed.prefixLength >= range.prefixLength,
    )
    if (lifting !== undefined) return undefined
    const what = isEmbedded ? `an IPv6 form of ${range.text}, ${range.what}` : `${range.what} (${range.text})`
    const exception = needsExact ? `exactly "${canonical}"` : `"${canonical}"`
    return `it is ${what}. ${useOwnAddress} If this is meant, put ${exception} into egress.allow.`
  }

  #whyNotAllowed(name: string | undefined, canonical: string, port: number): string | undefined {
    if (!this.#isStrict || this.#allowed.ofAddress(canonical, port) !== undefined) return undefined
    if (name !== undefined && this.#allowed.ofName(name, port) !== undefined) return undefined
    return notAllowed(name ?? canonical, port)
  }
}

const useOwnAddress = 'Use the address under which the service itself listens.'

function deniedByRule(text: string): string {
  return `egress.deny has "${text}". Use another address, or take that entry out.`
}

function notAllowed(host: string, port: number): string {
  return `egress.mode is "strict" and egress.allow does not name it. To allow it, add "${endpoint(host, port)}" to egress.allow.`
}

function endpoint(host: string, port: number): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
}

/** As rules write names: in lower case, without a dot at the end. */
function nameOf(hostname: string): string {
  return hostname.toLowerCase().replace(/\.$/, '')
}

function refusal(host: string, port: number, reason: string, address?: string): Error {
  const where = address === undefined ? endpoint(host, port) : `${endpoint(host, port)}, which resolves to ${address}`
  return new EgressDenied(`the server does not connect to ${where}: ${reason}`)
}
