import { isIP } from 'node:net'

/** One spelling for each address: an IPv4-mapped IPv6 address becomes IPv4, others their shortest form. */
export function canonicalAddress(address: string): string {
  const plain = withoutZone(address)
  if (isIP(plain) !== 6) return plain
  const groups = groupsOf(plain)
  return isMapped(groups) ? lastFourBytes(groups) : new URL(`http://[${plain}]`).hostname.slice(1, -1)
}

/**
 * The IPv4 addresses that traffic to an IPv6 address may end at: mapped (::ffff:0:0/96), compatible (::/96), translated
 * (::ffff:0:0:0/96), ISATAP (…:5efe:0:0), NAT64 (64:ff9b::/96), 6to4 (2002::/16). A network's own NAT64 (64:ff9b:1::/48) may have them in any
 * place of RFC 6052 section 2.2.
 */
export function embeddedIpv4(address: string): readonly string[] {
  const plain = withoutZone(address)
  if (isIP(plain) !== 6) return []
  const groups = groupsOf(plain)
  if (groups[0] === 0x2002) return [ipv4Of(groups[1] ?? 0, groups[2] ?? 0)]
  const isOfNat64 = groups[0] === 0x64 && groups[1] === 0xff9b
  if (isOfNat64 && groups[2] === 1) return insideLocalNat64(groups)
  const isNat64 = isOfNat64 && groups.slice(2, 6).every((g) => g === 0)
  const isTranslated = groups.slice(0, 4).every((g) => g === 0) && groups[4] === 0xffff && groups[5] === 0
  const isCompatible = groups.slice(0, 6).every((g) => g === 0) && groups[6] !== 0
  const isIsatap = (groups[4] === 0 || groups[4] === 0x200) && groups[5] === 0x5efe
  return isMapped(groups) || isNat64 || isTranslated || isCompatible || isIsatap ? [lastFourBytes(groups)] : []
}

/**
 * Behind prefixes of 48, 56, 64 (passing over byte 8) and 96 bits. Which one the network has is not known, and three of them are wrong: what is no
 * address of a host, 0.0.0.0/8 and from 224.0.0.0 on, is padding or the end of another one.
 */
function insideLocalNat64(groups: readonly number[]): readonly string[] {
  const bytes = groups.flatMap((group) => [group >> 8, group & 255])
  bytes.splice(8, 1)
  return [6, 7, 8, 11]
    .map((at) => bytes.slice(at, at + 4))
    .filter(([first = 0]) => first > 0 && first < 224)
    .map((found) => found.join('.'))
}

function isMapped(groups: readonly number[]): boolean {
  return groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff
}

function lastFourBytes(groups: readonly number[]): string {
  return ipv4Of(groups[6] ?? 0, groups[7] ?? 0)
}

function ipv4Of(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/** The eight 16-bit groups of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  // The URL parser knows every spelling, dotted tails included, and writes the compressed hexadecimal one.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const front = parseGroups(head)
  if (tail === undefined) return front
  const back = parseGroups(tail)
  return [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back]
}

function parseGroups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}

/** DNS answers may carry a scope, as in `fe80::1%eth0`. */
function withoutZone(address: string): string {
  return address.split('%', 1)[0] ?? address
}
