import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ServiceType } from '../core/deployment.ts'
import { IngressMethodNotAllowed } from '../errors/ingress.ts'
import type { PartitionClient } from '../partition/partition-client.ts'
import type { Logger } from '../telemetry/logger.ts'
import { type Answer, jsonAnswer } from './answer.ts'
import { completeAwakeable } from './awakeables.ts'
import type { IngressContext, IngressServerConfig } from './context.ts'
import { Cors } from './cors.ts'
import { Exchange } from './exchange.ts'
import { HeaderPolicy } from './header-policy.ts'
import { checkedInvocationId, idOfIdempotentInvocation, idOfWorkflowRun } from './invocation-ids.ts'
import { invoke } from './invoke.ts'
import { type IngressMetrics, newIngressMetrics } from './metrics.ts'
import { type IngressRoute, parsePath } from './path.ts'
import { parseRequestTarget, type RequestTarget } from './request-target.ts'
import { answerResult } from './results.ts'
import { maxTargetBodyBytes, parseTargetBody } from './target-body.ts'

export interface IngressOptions {
  readonly client: PartitionClient
  readonly config: IngressServerConfig
  /** ms since epoch */
  readonly now: () => number
  /** Fresh random bytes, at least this many; ids and injected idempotency keys are made of them. */
  readonly random: (byteLength: number) => Uint8Array
  readonly log: Logger
  readonly metrics?: IngressMetrics
}

/**
 * Puts ingress into the Fastify instance of a listener that was made with `rawTarget` and `formatIngressError`: one route
 * for all paths and methods, because ingress parses targets itself. Throws `IngressBadHeaderPattern` when the header lists
 * of the configuration cannot work.
 */
export function registerIngressRoutes(app: FastifyInstance, options: IngressOptions): void {
  const ingress = new Ingress(options)
  const handler = (request: FastifyRequest, reply: FastifyReply): void => ingress.handle(request, reply)
  // Bodies are read by the exchange, when all that needs no body has been checked.
  for (const method of [...app.supportedMethods]) {
    app.addHttpMethod(method, { hasBody: false, overrideExisting: true })
  }
  app.all('/', handler)
  // Methods that Fastify does not know.
  app.setNotFoundHandler(handler)
}

class Ingress {
  readonly #context: IngressContext
  readonly #log: Logger
  readonly #metrics: IngressMetrics
  readonly #cors: Cors | undefined

  constructor({ client, config, now, random, log, metrics }: IngressOptions) {
    const { ingress, compatibility } = config
    this.#metrics = metrics ?? newIngressMetrics()
    const headerPolicy = new HeaderPolicy(ingress, this.#metrics.headersDropped)
    this.#context = { client, config, headerPolicy, now, random }
    this.#log = log
    const cors = new Cors({ allowedOrigins: ingress.corsAllowedOrigins, likePeer: compatibility === 'restate' })
    this.#cors = cors.off ? undefined : cors
  }

  /** Never throws, and always answers in the end, unless the caller goes away first. */
  handle(request: FastifyRequest, reply: FastifyReply): void {
    const exchange = new Exchange(request, reply, this.#log, this.#metrics)
    try {
      if (this.#cors?.apply(request.raw, reply.raw) === true) {
        exchange.answer(emptyOk)
        return
      }
      const target = parseRequestTarget(request.originalUrl)
      this.#route(parsePath(target.path, this.#serviceTypeOf), target, exchange)
    } catch (error) {
      exchange.fail(error)
    }
  }

  readonly #serviceTypeOf = (service: string): ServiceType | undefined =>
    this.#context.client.schema.service(service)?.service.type

  #route(route: IngressRoute, target: RequestTarget, exchange: Exchange): void {
    const context = this.#context
    const { method } = exchange.request
    switch (route.kind) {
      case 'invoke':
        invoke(context, route, target, exchange)
        return
      case 'result-by-id': {
        // The new form has the id as part of the path, and a bad path comes before a bad method.
        const newId = route.form === 'new' ? checkedInvocationId(route.id) : undefined
        allowOnly('GET', method)
        const id = newId ?? checkedInvocationId(route.id)
        void exchange.run(() => answerResult(context, route.operation, id, exchange))
        return
      }
      case 'result-by-idempotency-key': {
        allowOnly('GET', method)
        const id = idOfIdempotentInvocation(route.target)
        void exchange.run(() => answerResult(context, route.operation, id, exchange))
        return
      }
      case 'result-by-workflow': {
        allowOnly('GET', method)
        const id = idOfWorkflowRun(route.name, route.key)
        void exchange.run(() => answerResult(context, route.operation, id, exchange))
        return
      }
      case 'by-target-body':
        allowOnly('POST', method)
        this.#byTargetBody(route.operation, exchange)
        return
      case 'awakeable':
        allowOnly('POST', method)
        completeAwakeable(context, route.operation, route.id, exchange)
        return
      case 'health':
        allowOnly('GET', method)
        exchange.answer(this.#health())
    }
  }

  #byTargetBody(operation: 'attach' | 'output' | 'lookup', exchange: Exchange): void {
    const limitBytes = Math.min(maxTargetBodyBytes, this.#context.config.ingress.requestSizeLimitBytes)
    exchange.withBody(limitBytes, async (body) => {
      const id = parseTargetBody(body)
      if (operation === 'lookup') exchange.answer(jsonAnswer(200, { invocationId: id }))
      else await answerResult(this.#context, operation, id, exchange)
    })
  }

  #health(): Answer {
    const services = [...this.#context.client.schema.services()].map(({ service }) => service.name)
    return jsonAnswer(200, { services })
  }
}

const emptyOk: Answer = { status: 200, headers: { 'content-length': '0' }, body: undefined, outcome: 'completed' }

function allowOnly(allowed: 'GET' | 'POST', method: string | undefined): void {
  if (method !== allowed) throw new IngressMethodNotAllowed(`${method} is not allowed, use ${allowed}`)
}
