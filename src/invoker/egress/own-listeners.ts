import { BlockList, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { canonicalAddress } from './ip-address.ts'

/** A socket of this process: `address` is what it is bound to, `0.0.0.0` and `::` included. */
export interface OwnListener {
  readonly address: string
  readonly port: number
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Whether a connection to this address, in canonical form, would end at one of the listeners. */
export function reachesOwnListener(listeners: readonly OwnListener[], canonical: string, port: number): boolean {
  return listeners.some((listener) => {
    if (listener.port !== port) return false
    // What connects to the unspecified address reaches loopback.
    if (isUnspecified(canonical)) return true
    if (isUnspecified(listener.address)) return isOfThisHost(canonical)
    return canonicalAddress(listener.address) === canonical
  })
}

function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}

function isOfThisHost(address: string): boolean {
  if (loopback.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6')) return true
  return Object.values(networkInterfaces()).some((entries) =>
    entries?.some((entry) => canonicalAddress(entry.address) === address),
  )
}
