import { sensitiveNamesIn } from '../config/header-names.ts'
import type { ServiceRecord } from '../core/deployment.ts'
import type { ResolvedHandler, Schema } from '../core/schema.ts'
import { IngressBadHeaderPattern } from '../errors/ingress.ts'
import { HeaderPolicy, type HeaderPolicyConfig, type HeaderPolicyOptions } from './header-policy.ts'

/** The policies of handlers: the server's, and where a service or a handler allows more headers, one with those added. */
export class ServiceHeaderPolicies {
  readonly #config: HeaderPolicyConfig
  readonly #options: HeaderPolicyOptions
  readonly #base: HeaderPolicy
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
    this.#base = new HeaderPolicy(config, options)
    this.#config = config
    // All count in one place.
    this.#options = { ...options, dropped: this.#base.dropped }
  }

  of({ service, handler }: Pick<ResolvedHandler, 'service' | 'handler'>): HeaderPolicy {
    const ofService = service.headerAllowList
    const ofHandler = handler.headerAllowList
    if (ofService === undefined && ofHandler === undefined) return this.#base
    let policies = this.#byService.get(service)
    if (policies === undefined) {
      policies = new Map()
      this.#byService.set(service, policies)
    }
    let policy = policies.get(handler.name)
    if (policy === undefined) {
      const headerAllowListExtra = [...this.#config.headerAllowListExtra, ...(ofService ?? []), ...(ofHandler ?? [])]
      policy = new HeaderPolicy({ ...this.#config, headerAllowListExtra }, this.#options)
      policies.set(handler.name, policy)
    }
    return policy
  }
}

/** What services and handlers allow although it may carry credentials, one line each, for the log at start. */
export function sensitiveServiceHeaders(schema: Schema): readonly string[] {
  const lines: string[] = []
  for (const { service } of schema.services()) {
    const lists = [
      { of: service.name, list: service.headerAllowList },
      ...service.handlers.map((each) => ({ of: `${service.name}/${each.name}`, list: each.headerAllowList })),
    ]
    for (const { of, list } of lists) {
      const sensitive = sensitiveNamesIn(list ?? [])
      if (sensitive.length === 0) continue
      lines.push(`header_allow_list of ${of}: ${sensitive.join(', ')} may carry credentials, which are then journaled`)
    }
  }
  return lines
}
