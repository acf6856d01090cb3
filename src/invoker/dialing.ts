import type { EgressPolicy } from './egress/egress-policy.ts'

/** How connections to services are made. */
export interface Dialing {
  /** Without one, everything may be connected to. */
  readonly egress?: EgressPolicy
  /** PEM of certificate authorities to trust instead of the system's. */
  readonly ca?: string
}
