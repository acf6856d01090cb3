import { BlockList, isIP } from 'node:net'

const privateAddresses = new BlockList()
privateAddresses.addSubnet('127.0.0.0', 8, 'ipv4')
privateAddresses.addSubnet('10.0.0.0', 8, 'ipv4')
privateAddresses.addSubnet('172.16.0.0', 12, 'ipv4')
privateAddresses.addSubnet('192.168.0.0', 16, 'ipv4')
privateAddresses.addAddress('::1', 'ipv6')
privateAddresses.addSubnet('fc00::', 7, 'ipv6')
privateAddresses.addSubnet('fe80::', 10, 'ipv6')

/**
 * Whether tokens may go to this host over plain http: `localhost` and addresses of the machine or of private networks.
 * Other names may resolve to anything. `hostname` is that of a parsed URL: lower case, IPv6 in brackets.
 */
export function isPrivateHost(hostname: string): boolean {
  if (hostname === 'localhost') return true
  const address = hostname.replace(/^\[|\]$/g, '')
  const family = isIP(address)
  // Node's list also finds IPv4-mapped addresses in IPv4 ranges; Restate does not accept those.
  if (family === 6) return !address.startsWith('::ffff:') && privateAddresses.check(address, 'ipv6')
  return family === 4 && privateAddresses.check(address, 'ipv4')
}
