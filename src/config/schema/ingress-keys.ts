import { headerNames, headerPatterns, hostNames, origins } from '../collection-types.ts'
import { computedKey, key } from '../key.ts'
import { boolean, oneOf } from '../scalar-types.ts'
import { nodeKeys } from './node-keys.ts'

/** The headers of a call that handlers see and the journal keeps, unless configured otherwise. */
export const DEFAULT_HEADER_ALLOW_LIST: readonly string[] = [
  'content-type',
  'content-encoding',
  'content-language',
  'accept',
  'accept-language',
  'user-agent',
  'traceparent',
  'tracestate',
  'x-request-id',
  'x-correlation-id',
]

export const ingressKeys = {
  headerPolicy: computedKey({
    path: 'ingress.header-policy',
    from: 'perdure',
    type: oneOf('allow-list', 'restate-compatible'),
    defaultText: '"allow-list"; "restate-compatible" with compatibility = "restate"',
    compute: (settings) => (settings.get(nodeKeys.compatibility) === 'restate' ? 'restate-compatible' : 'allow-list'),
    description:
      'Which headers of a call reach the handler, and so the journal: those of the lists below, or all of them as in Restate, credentials included.',
  }),
  headerAllowList: key({
    path: 'ingress.header-allow-list',
    from: 'perdure',
    type: headerPatterns,
    default: DEFAULT_HEADER_ALLOW_LIST,
    description:
      'Headers that are kept, as "name", "prefix-*" or "*"; setting it replaces the default. No wildcard matches a header that carries credentials; such a one must be spelled out.',
  }),
  headerAllowListExtra: key({
    path: 'ingress.header-allow-list-extra',
    from: 'perdure',
    type: headerPatterns,
    default: [],
    description: 'More headers that are kept, beside those of header-allow-list.',
  }),
  journalQueryString: computedKey({
    path: 'ingress.journal-query-string',
    from: 'perdure',
    type: boolean,
    defaultText: 'false; true with compatibility = "restate"',
    compute: (settings) => settings.get(nodeKeys.compatibility) === 'restate',
    description: 'Keep the query string, and what secrets it may hold, in x-restate-ingress-path; else only the path.',
  }),
  corsAllowedOrigins: computedKey({
    path: 'ingress.cors.allowed-origins',
    from: 'perdure',
    type: origins,
    defaultText: 'none; every origin with compatibility = "restate"',
    compute: (settings) => (settings.get(nodeKeys.compatibility) === 'restate' ? ['*'] : []),
    description: 'Web origins whose pages may call ingress. "*" is every one.',
  }),
}

export const adminKeys = {
  deploymentRoutingHeaders: key({
    path: 'admin.deployment-routing-headers',
    type: headerNames,
    default: [],
    description: 'Additional headers of a deployment that, with its address, tell it from others.',
  }),
  allowedHosts: key({
    path: 'admin.allowed-hosts',
    from: 'perdure',
    type: hostNames,
    default: [],
    description: 'Host names, beside loopback and the bound addresses, that requests may be addressed to.',
  }),
}
