import type { Config } from '../config/config.ts'
import type { RetentionDefaults } from '../core/retention-policy.ts'
import type { PartitionClient } from '../partition/partition-client.ts'
import type { ServiceHeaderPolicies } from './service-header-policies.ts'

/** The part of the configuration that ingress reads. */
export type IngressServerConfig = Pick<Config, 'ingress' | 'compatibility'> & RetentionDefaults

/** What the routes of ingress share. */
export interface IngressContext {
  readonly client: PartitionClient
  readonly config: IngressServerConfig
  readonly headerPolicies: ServiceHeaderPolicies
  /** ms since epoch */
  readonly now: () => number
  /** Fresh random bytes, at least this many; ids are made of them. */
  readonly random: (byteLength: number) => Uint8Array
}
