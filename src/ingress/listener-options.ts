import type { ListenerOptions } from '../listen/listener.ts'
import { formatIngressError } from './answer.ts'
import type { IngressServerConfig } from './context.ts'
import { corsOf } from './cors.ts'

/** What ingress needs of its listener. */
export function ingressListenerOptions(config: Pick<IngressServerConfig, 'ingress' | 'compatibility'>) {
  const cors = corsOf(config)
  return {
    // Ingress parses targets itself.
    routedTarget: () => '/',
    formatError: formatIngressError,
    // A page can read that there are too many requests, and its preflights, which are answered at once, are none of them.
    ...(cors === undefined ? {} : { exempt: (request, response) => cors.apply(request, response) }),
  } satisfies ListenerOptions
}
