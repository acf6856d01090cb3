import { egressRules } from '../egress-rule.ts'
import { key } from '../key.ts'
import { oneOf } from '../scalar-types.ts'

export const egressKeys = {
  mode: key({
    path: 'egress.mode',
    from: 'perdure',
    type: oneOf('default', 'strict'),
    default: 'default',
    description:
      'Where deployments, and the key set of ingress.auth.jwt, may be. "default": anywhere but metadata services, link-local and reserved addresses and the own ports of the server; "strict": only where egress.allow says.',
  }),
  allow: key({
    path: 'egress.allow',
    from: 'perdure',
    type: egressRules,
    default: [],
    description:
      'What may be connected to with mode = "strict": addresses, ranges, host names or "*.domain", each with or without ":port". An address or a range inside of what is denied by default lifts that denial, in both modes; see docs/egress.md.',
  }),
  deny: key({
    path: 'egress.deny',
    from: 'perdure',
    type: egressRules,
    default: [],
    description: 'What may not be connected to, in the same forms; wins over egress.allow.',
  }),
}
