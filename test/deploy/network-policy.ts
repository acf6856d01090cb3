import { BlockList } from 'node:net'
import type { LabelSelector } from 'kubernetes-types/meta/v1.js'
import type { NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec } from 'kubernetes-types/networking/v1.js'

type Labels = Readonly<Record<string, string>>

/** Who is at the other end: a pod, or an address outside of the cluster. */
export type Party =
  | { readonly namespace: Labels; readonly pod: Labels }
  /** IPv4 or IPv6. */
  | { readonly address: string }

export interface Connection {
  readonly party: Party
  readonly protocol: 'TCP' | 'UDP'
  readonly port: number
}

/** Whether a policy lets a connection from this party reach the pods that it selects. Those are in the namespace `own`. */
export function admits(policy: NetworkPolicySpec, own: Labels, connection: Connection): boolean {
  if (policy.policyTypes?.includes('Ingress') !== true) return true
  return (policy.ingress ?? []).some(
    ({ from, ports }) => matchesPeers(from, own, connection.party) && matchesPorts(ports, connection),
  )
}

/** Whether it lets those pods connect to this party. */
export function lets(policy: NetworkPolicySpec, own: Labels, connection: Connection): boolean {
  if (policy.policyTypes?.includes('Egress') !== true) return true
  return (policy.egress ?? []).some(
    ({ to, ports }) => matchesPeers(to, own, connection.party) && matchesPorts(ports, connection),
  )
}

/** No list is everybody; an entry with both selectors wants both. */
function matchesPeers(peers: readonly NetworkPolicyPeer[] | undefined, own: Labels, party: Party): boolean {
  if (peers === undefined || peers.length === 0) return true
  return peers.some(({ ipBlock, namespaceSelector, podSelector }) => {
    if (ipBlock !== undefined) {
      if (!('address' in party)) return false
      return isIn(ipBlock.cidr, party.address) && !(ipBlock.except ?? []).some((cidr) => isIn(cidr, party.address))
    }
    if ('address' in party) return false
    const inNamespace =
      namespaceSelector === undefined ? sameLabels(own, party.namespace) : selects(namespaceSelector, party.namespace)
    return inNamespace && (podSelector === undefined || selects(podSelector, party.pod))
  })
}

function matchesPorts(ports: readonly NetworkPolicyPort[] | undefined, { protocol, port }: Connection): boolean {
  if (ports === undefined || ports.length === 0) return true
  return ports.some((allowed) => {
    if (typeof allowed.port === 'string' || allowed.endPort !== undefined) throw new Error('not understood here')
    return (allowed.protocol ?? 'TCP') === protocol && (allowed.port === undefined || allowed.port === port)
  })
}

export function selects({ matchLabels, matchExpressions }: LabelSelector, labels: Labels): boolean {
  if (matchExpressions !== undefined) throw new Error('not understood here')
  return Object.entries(matchLabels ?? {}).every(([name, value]) => labels[name] === value)
}

function sameLabels(a: Labels, b: Labels): boolean {
  return a['kubernetes.io/metadata.name'] === b['kubernetes.io/metadata.name']
}

function isIn(cidr: string, address: string): boolean {
  const family = (text: string) => (text.includes(':') ? 'ipv6' : 'ipv4')
  if (family(cidr) !== family(address)) return false
  const [network = '', prefix = ''] = cidr.split('/')
  const block = new BlockList()
  block.addSubnet(network, Number(prefix), family(cidr))
  return block.check(address, family(address))
}
