import { key } from '../key.ts'
import { byteSize, oneOf } from '../scalar-types.ts'

export const networkingKeys = {
  messageSizeLimit: key({
    path: 'networking.message-size-limit',
    type: byteSize(1024, 1024 ** 3),
    default: 32 * 1024 * 1024,
    description: 'Largest message in all; the limits of requests and of the invoker never go beyond it.',
  }),
}

export const tlsKeys = {
  mode: key({
    path: 'tls.mode',
    type: oneOf('off'),
    default: 'off',
    description:
      'TLS between nodes, which Perdure does not have: any other mode is refused rather than ignored. For callers and operators there are [ingress.tls] and [admin.tls].',
  }),
}
