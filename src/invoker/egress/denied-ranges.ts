import { BlockList, isIP } from 'node:net'
import { canonicalAddress, embeddedIpv4 } from './ip-address.ts'

/** Addresses that the server does not connect to unless it is told to. */
export interface DeniedRange {
  /** `169.254.0.0/16`, or an address. */
  readonly text: string
  /** Completes "it is …". */
  readonly what: string
  readonly prefixLength: number
  /** Only the exact address in `egress.allow` lifts the denial. */
  readonly isMetadata: boolean
  includes(address: string): boolean
}

const metadata = 'a metadata service of a cloud, which hands out credentials'

/*
 * Metadata services first: most lie in the link-local range, which is denied less strictly. AWS, Google Cloud, Azure and
 * others; credentials of tasks (ECS) and pods (EKS); EC2 and EKS over IPv6; Google Cloud over IPv6; Alibaba Cloud; Oracle
 * Cloud; Azure's wire server.
 */
const metadataAddresses = [
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
]

export const deniedRanges: readonly DeniedRange[] = [
  ...metadataAddresses.map((address) => range(address, isIP(address) === 4 ? 32 : 128, metadata, true)),
  range('0.0.0.0', 8, 'no address of a host'),
  range('169.254.0.0', 16, 'a link-local address'),
  range('192.0.0.0', 24, 'a reserved address'),
  range('224.0.0.0', 4, 'a multicast address'),
  range('240.0.0.0', 4, 'a reserved address'),
  range('::', 128, 'no address of a host'),
  range('fe80::', 10, 'a link-local address'),
  range('ff00::', 8, 'a multicast address'),
]

function range(network: string, prefixLength: number, what: string, isMetadata = false): DeniedRange {
  const family = isIP(network) === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(network, prefixLength, family)
  return {
    text: isMetadata ? network : `${network}/${prefixLength}`,
    what,
    prefixLength,
    isMetadata,
    includes: (address) => (isIP(address) === 4) === (family === 'ipv4') && list.check(address, family),
  }
}

/** The range that denies an address in canonical form, not looking at what is embedded in it. */
function deniedRangeOf(canonical: string): DeniedRange | undefined {
  return deniedRanges.find((range) => range.includes(canonical))
}

/** The range that denies an IP address by itself or by an IPv4 address in it. */
export function denialOf(address: string): { readonly range: DeniedRange; readonly isEmbedded: boolean } | undefined {
  const canonical = canonicalAddress(address)
  const direct = deniedRangeOf(canonical)
  if (direct !== undefined) return { range: direct, isEmbedded: false }
  for (const embedded of embeddedIpv4(canonical)) {
    const indirect = deniedRangeOf(embedded)
    if (indirect !== undefined) return { range: indirect, isEmbedded: true }
  }
  return undefined
}

const metadataNames =
  /^(metadata|(.+\.)?metadata\.google\.internal|metadata\.goog|instance-data(\.ec2\.internal)?)\.?$/i

/** Whether clouds give this name to their metadata service. */
export function isMetadataName(name: string): boolean {
  return metadataNames.test(name)
}
