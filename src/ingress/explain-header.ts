import { HEADER_NAME, isSensitiveHeader } from '../config/header-names.ts'
import type { HeaderClass, HeaderPolicy } from './header-policy.ts'

const reasons: Readonly<Record<HeaderClass, string>> = {
  explicit: 'an entry of the allow list spells it out',
  wildcard: 'a wildcard of the allow list matches it',
  compatible: 'with header-policy = "restate-compatible" everything else is kept, too',
  transport: 'it belongs to the connection or to ingress itself, which uses it up; no entry can change that',
  reserved: 'only the server sets it, and its value wins; no entry can change that',
  credential: 'callers prove who they are with it; ingress checks it and never keeps it, whatever the lists say',
  sensitive: 'its name says that it carries a credential or an identity; no wildcard matches such a name',
  unlisted: 'no entry of the allow list matches it',
}

/**
 * What would become of a header `Name: value`, or of a name alone, and why; lines for people. The value is looked at and never
 * shown. `undefined`: it is no header.
 */
export function explainHeader(policy: HeaderPolicy, header: string): string | undefined {
  const colon = header.indexOf(':')
  const name = (colon === -1 ? header : header.slice(0, colon)).trim().toLowerCase()
  if (!HEADER_NAME.test(name)) return undefined
  const decision = policy.explain(name)
  const value = colon === -1 ? '' : header.slice(colon + 1).trim()
  const lines = [`${decision.name}: ${decision.kept ? 'kept' : 'dropped'} (${decision.class})`, reasons[decision.class]]
  const isRead = decision.kept || decision.name === 'idempotency-key'
  if (isRead && !/^[\t\x20-\x7e]*$/.test(value)) {
    lines.push('but this value is refused with 400: it has bytes that are not visible ASCII')
  }
  if (decision.name === 'x-restate-limit-key' && value !== '') {
    lines.push('but a call with it is refused with 400: a limit key needs a scope, and scopes are not supported')
  }
  if (decision.kept && isSensitiveHeader(decision.name)) {
    lines.push('its name says that it carries a credential or an identity: handlers see it, and the journal keeps it')
  }
  if (decision.class === 'sensitive' || decision.class === 'unlisted') {
    lines.push(
      `to keep it everywhere: ingress.header-allow-list-extra = ["${decision.name}"]`,
      `to keep it for one service: PATCH /services/{service} {"header_allow_list": ["${decision.name}"]} at admin`,
    )
  }
  return `${lines.join('\n  ')}\n`
}
