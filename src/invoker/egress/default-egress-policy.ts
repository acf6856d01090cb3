import { lookup as systemLookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { networkInterfaces } from 'node:os'
import { EgressDenied } from '../../errors/invoker.ts'
import { canonicalAddress, isDeniedAddress } from './denied-address.ts'
import { type EgressPolicy, portOf } from './egress-policy.ts'

/** A socket of this process: `address` is what it is bound to, `0.0.0.0` and `::` included. */
export interface OwnListener {
  readonly address: string
  readonly port: number
}

export interface EgressOptions {
  /** Asked at every check, because ports are known only once the listeners are open. */
  readonly ownListeners?: () => readonly OwnListener[]
  /** Resolves names; the system's resolver unless a test records instead. */
  readonly resolve?: LookupFunction
}

const metadataNames = /^(metadata|(.+\.)?metadata\.google\.internal|instance-data(\.ec2\.internal)?)\.?$/i

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/**
 * Everything is reachable but cloud metadata services, link-local, multicast and reserved addresses, and the
 * server's own ports. Loopback and private networks stay open: that is where services usually run.
 */
export class DefaultEgressPolicy implements EgressPolicy {
  readonly #ownListeners: () => readonly OwnListener[]
  readonly #resolve: LookupFunction

  constructor(options: EgressOptions = {}) {
    this.#ownListeners = options.ownListeners ?? (() => [])
    this.#resolve = options.resolve ?? systemLookup
  }

  checkUrl(url: URL): void {
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw new EgressDenied(`deployments are reached by http:// or https://, not by ${url.protocol}//`)
    }
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const isDenied = isIP(host) === 0 ? metadataNames.test(host) : this.#denies(host, portOf(url))
    if (isDenied) throw deniedHost(host)
  }

  lookupFor(port: number): LookupFunction {
    return (hostname, options, callback) => {
      if (metadataNames.test(hostname)) {
        callback(deniedHost(hostname), [])
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
        if (first === undefined || answers.some(({ address }) => this.#denies(address, port))) {
          callback(deniedHost(hostname), [])
        } else if (options.all === true) {
          callback(null, answers)
        } else {
          callback(null, first.address, first.family)
        }
      })
    }
  }

  #denies(address: string, port: number): boolean {
    return isDeniedAddress(address) || this.#isOwnListener(canonicalAddress(address), port)
  }

  #isOwnListener(address: string, port: number): boolean {
    return this.#ownListeners().some((listener) => {
      if (listener.port !== port) return false
      if (listener.address === '0.0.0.0' || listener.address === '::') return isOfThisHost(address)
      return canonicalAddress(listener.address) === address
    })
  }
}

function isOfThisHost(address: string): boolean {
  if (loopback.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6')) return true
  return Object.values(networkInterfaces()).some((entries) =>
    entries?.some((entry) => canonicalAddress(entry.address) === address),
  )
}

function deniedHost(host: string): Error {
  return new EgressDenied(
    `the server does not connect to ${host}: it is, or resolves to, a metadata service, a link-local or reserved ` +
      'address, or a port of this server. Use the address under which the service itself listens.',
  )
}
