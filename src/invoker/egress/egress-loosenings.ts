import type { EgressConfig } from '../../config/config.ts'
import { type EgressRule, isSingleAddress } from '../../config/egress-rule.ts'
import { denialOf, deniedRanges } from './denied-ranges.ts'
import { canonicalAddress } from './ip-address.ts'

/**
 * The entries of `egress.allow` that open what is denied by default, one line each, for the log at start. With
 * `ownPorts`, also those for a port of the server itself.
 */
export function egressLoosenings({ allow }: EgressConfig, ownPorts: readonly number[] = []): readonly string[] {
  return allow.flatMap((rule) => {
    const what = opened(rule, ownPorts)
    return what === undefined ? [] : [`egress.allow has "${rule.text}": deployments may be at ${what}`]
  })
}

function opened(rule: EgressRule, ownPorts: readonly number[]): string | undefined {
  if (rule.kind !== 'subnet') return undefined
  const canonical = canonicalAddress(rule.address)
  const isSingle = isSingleAddress(rule)
  const range =
    isSingle && denialOf(canonical)?.isEmbedded === true
      ? denialOf(canonical)?.range
      : deniedRanges.find((denied) => rule.prefixLength >= denied.prefixLength && denied.includes(canonical))
  if (range !== undefined) return isSingle ? range.what : `what is denied by default (${range.text})`
  if (!isSingle || rule.port === undefined || !ownPorts.includes(rule.port)) return undefined
  return `port ${rule.port}, which may be one of the server itself`
}
