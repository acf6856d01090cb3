import type { FastifyInstance } from 'fastify'
import { AdminIngressUnreachable } from '../errors/admin.ts'
import type { PerdureError } from '../errors/perdure-error.ts'
import type { BoundAddress } from '../listen/bound-address.ts'
import type { AdminLog } from './audit.ts'
import { formatAdminError } from './error-answer.ts'
import type { IngressProxy } from './ingress-proxy.ts'

/** Below this path of admin is ingress. The listener must have been made with `adminTarget`. */
export const INGRESS_DOOR = '/ingress'

export interface IngressDoorOptions {
  /** What ingress is bound to; empty while it is not. */
  readonly addresses: () => readonly BoundAddress[]
  /** Ingress lets nobody in over TCP without a certificate. */
  readonly asksForCertificates?: boolean
  /** Most connections to ingress that the door holds; more calls wait for one. */
  readonly maxConnections: number
  /** Names, in lower case, of headers that are for admin and not for ingress. */
  readonly keptBack: readonly string[]
  readonly log: AdminLog
}

/** What a caller gets when ingress cannot be reached. Addresses and reasons are in the log only. */
export const unreachable = answerOf(
  new AdminIngressUnreachable('ingress cannot be reached; the log of the server has the details'),
)

/**
 * `/ingress/…` on admin is ingress, for those who may reach admin only. The calls go through ingress's own listener: its
 * limits, its authentication and its header policy count as for everybody else. What the admin app asks of its requests in
 * `onRequest` hooks holds for these as well.
 */
export function registerIngressDoor(app: FastifyInstance, options: IngressDoorOptions): void {
  let proxy: Promise<IngressProxy> | undefined
  // Most servers are never asked: the proxy is loaded with the first call.
  const load = async (): Promise<IngressProxy> => {
    // TCP where there are both; both lead to the same routes. Passed sockets come in any order.
    const addresses = options.addresses()
    const bound = addresses.find(({ kind }) => kind === 'tcp') ?? addresses[0]
    if (bound === undefined) throw new AdminIngressUnreachable('ingress is not bound yet')
    // Its Unix socket asks for none, but that is for those who may open it, and callers of admin are others.
    if (options.asksForCertificates === true && bound.kind === 'tcp') {
      throw new AdminIngressUnreachable(
        'ingress asks for client certificates, and calls through admin have none to show: call ingress itself',
      )
    }
    const { createIngressProxy } = await import('./ingress-proxy.ts')
    return createIngressProxy(options, bound)
  }
  app.route({
    method: [...app.supportedMethods],
    url: INGRESS_DOOR,
    exposeHeadRoute: false,
    // Not the handler: before that, Fastify reads the body, and refuses content types that are ingress's to judge.
    onRequest(request, reply, _done) {
      const target = targetBehindDoor(request.originalUrl)
      if (target === undefined) {
        reply.callNotFound()
        return
      }
      reply.hijack()
      proxy ??= load()
      proxy.then(
        (loaded) => loaded.forward(request.raw, reply.raw, target),
        (error: unknown) => {
          proxy = undefined
          options.log.error({ event: 'ingress-door-failed', err: error })
          request.raw.resume()
          reply.raw.writeHead(unreachable.status, unreachable.headers).end(unreachable.body)
        },
      )
    },
    handler: (_request, reply) => reply.send(),
  })
  app.addHook('onClose', async () => {
    const loaded = await proxy?.catch(() => undefined)
    await loaded?.close()
  })
}

/** What follows the door in a request target, byte for byte; `undefined` if the target only decodes to the door. */
function targetBehindDoor(originalUrl: string): string | undefined {
  if (!originalUrl.startsWith(INGRESS_DOOR)) return undefined
  const rest = originalUrl.slice(INGRESS_DOOR.length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

function answerOf({ status, message }: PerdureError) {
  const { headers, body } = formatAdminError(status, message)
  const bytes = Buffer.from(body)
  return { status, headers: { ...headers, 'content-length': String(bytes.length) }, body: bytes }
}
