import { headerPatternProblem, sensitiveNamesIn } from '../config/header-names.ts'
import type { ServiceRecord } from '../core/deployment.ts'
import type { ResolvedHandler, Schema } from '../core/schema.ts'
import { IngressBadHeaderPattern } from '../errors/ingress.ts'
import { HeaderPolicy, type HeaderPolicyConfig, type HeaderPolicyOptions } from './header-policy.ts'

/** The policies of handlers: the server's, and where a service or a handler allows more headers, one with those added. */
export class ServiceHeaderPolicies {
  readonly #config: HeaderPolicyConfig
  readonly #options: HeaderPolicyOptions
  /** Of services and handlers that allow nothing more. */
  readonly base: HeaderPolicy
  /** Records are never changed in place, so that a change of a list brings a new one. */
  readonly #byService = new WeakMap<ServiceRecord, Map<string, HeaderPolicy>>()

  /** Throws `IngressBadHeaderPattern` when an entry of the server's lists can never have an effect. */
  constructor(config: HeaderPolicyConfig, options: HeaderPolicyOptions = {}) {
    for (const pattern of [...config.headerAllowList, ...config.headerAllowListExtra]) {
      if (options.credentialHeaders?.includes(pattern.toLowerCase()) !== true) continue
      throw new IngressBadHeaderPattern(
        `"${pattern}" in the header allow list: callers prove who they are with this header, so it is never journaled. ` +
          'Remove it, or have credentials come in another one (ingress.auth.api-key-headers, ingress.auth.jwt.header)',
      )
    }
    this.base = new HeaderPolicy(config, options)
    this.#config = config
    // All count in one place.
    this.#options = { ...options, dropped: this.base.dropped }
  }

  of({ service, handler }: Pick<ResolvedHandler, 'service' | 'handler'>): HeaderPolicy {
    const ofService = service.headerAllowList
    const ofHandler = handler.headerAllowList
    if (ofService === undefined && ofHandler === undefined) return this.base
    let policies = this.#byService.get(service)
    if (policies === undefined) {
      policies = new Map()
      this.#byService.set(service, policies)
    }
    let policy = policies.get(handler.name)
    if (policy === undefined) {
      // What an earlier version has accepted must not make calls fail.
      const added = [...(ofService ?? []), ...(ofHandler ?? [])].filter((entry) => !headerPatternProblem(entry))
      const headerAllowListExtra = [...this.#config.headerAllowListExtra, ...added]
      policy = new HeaderPolicy({ ...this.#config, headerAllowListExtra }, this.#options)
      policies.set(handler.name, policy)
    }
    return policy
  }
}

/**
 * What services and handlers allow although it may carry credentials, one line each, for the log at start. Of `credentialHeaders`, with
 * which callers prove to ingress who they are, it says that they stay out.
 */
export function sensitiveServiceHeaders(schema: Schema, credentialHeaders: readonly string[] = []): readonly string[] {
  const lines: string[] = []
  for (const { service } of schema.services()) {
    const lists = [
      { of: service.name, list: service.headerAllowList },
      ...service.handlers.map((each) => ({ of: `${service.name}/${each.name}`, list: each.headerAllowList })),
    ]
    for (const { of, list } of lists) {
      const checked = (list ?? []).filter((name) => credentialHeaders.includes(name))
      const sensitive = sensitiveNamesIn(list ?? []).filter((name) => !checked.includes(name))
      if (sensitive.length > 0)
        lines.push(
          `header_allow_list of ${of}: ${sensitive.join(', ')} may carry credentials, which are then journaled`,
        )
      if (checked.length > 0)
        lines.push(`header_allow_list of ${of}: ${checked.join(', ')} is kept nowhere, because ingress.auth uses it`)
    }
  }
  return lines
}
