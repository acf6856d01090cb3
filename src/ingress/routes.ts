import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ServiceType } from '../core/deployment.ts'
import { IngressMethodNotAllowed } from '../errors/ingress.ts'
import type { PartitionClient } from '../partition/partition-client.ts'
import type { Logger } from '../telemetry/logger.ts'
import { type Answer, jsonAnswer } from './answer.ts'
import type { CallerAuth } from './auth/caller-auth.ts'
import { authResultOf } from './auth/challenge.ts'
import { completeAwakeable } from './awakeables.ts'
import type { IngressContext, IngressServerConfig } from './context.ts'
import { type Cors, corsOf } from './cors.ts'
import { Exchange } from './exchange.ts'
import { checkedInvocationId, idOfIdempotentInvocation, idOfWorkflowRun } from './invocation-ids.ts'
import { invoke } from './invoke.ts'
import { type IngressMetrics, newIngressMetrics } from './metrics.ts'
import { OpenApi } from './openapi.ts'
import { parsePath } from './path.ts'
import { parseRequestTarget, type RequestTarget } from './request-target.ts'
import { answerResult } from './results.ts'
import { ServiceHeaderPolicies } from './service-header-policies.ts'
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
  /** Asks callers who they are; without it, everybody may call. */
  readonly auth?: CallerAuth | undefined
}

/**
 * Puts ingress into the Fastify instance of a listener that was made with `ingressListenerOptions`: one route
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
  readonly #auth: CallerAuth | undefined
  readonly #cors: Cors | undefined
  readonly #openApi: OpenApi

  constructor({ client, config, now, random, log, metrics, auth }: IngressOptions) {
    const { ingress } = config
    this.#metrics = metrics ?? newIngressMetrics()
    this.#auth = auth
    const headerPolicies = new ServiceHeaderPolicies(ingress, {
      dropped: this.#metrics.headersDropped,
      ...(auth === undefined ? {} : { credentialHeaders: auth.credentialHeaders }),
      subjectHeader: ingress.auth.subjectHeader,
    })
    this.#context = { client, config, headerPolicies, now, random }
    this.#openApi = new OpenApi(client.schema, ingress.advertisedAddress)
    this.#log = log
    this.#cors = corsOf(config)
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
      if (this.#auth === undefined || this.#isOpen(target)) this.#route(target, exchange)
      else this.#routeIfKnown(this.#auth, target, exchange)
    } catch (error) {
      exchange.fail(error)
    }
  }

  /** Before anything is said of services, or read of a body: who is not known learns nothing and leaves nothing. */
  #routeIfKnown(auth: CallerAuth, target: RequestTarget, exchange: Exchange): void {
    const subject = this.#subjectOf(auth, exchange)
    if (typeof subject === 'string') this.#routeKnown(subject, target, exchange)
    else void exchange.run(async () => this.#routeKnown(await subject, target, exchange))
  }

  #routeKnown(subject: string, target: RequestTarget, exchange: Exchange): void {
    this.#metrics.authentication.accepted++
    exchange.subject = subject
    this.#route(target, exchange)
  }

  #subjectOf(auth: CallerAuth, { request }: Exchange): string | Promise<string> {
    const countAndThrow = (error: unknown): never => {
      this.#metrics.authentication[authResultOf(error)]++
      throw error
    }
    try {
      const subject = auth.check(request.rawHeaders)
      return typeof subject === 'string' ? subject : subject.catch(countAndThrow)
    } catch (error) {
      return countAndThrow(error)
    }
  }

  #isOpen({ path }: RequestTarget): boolean {
    return this.#context.config.ingress.auth.openHealth && (path === healthPath || path.startsWith(`${healthPath}/`))
  }

  readonly #serviceTypeOf = (service: string): ServiceType | undefined =>
    this.#context.client.schema.service(service)?.service.type

  #route(target: RequestTarget, exchange: Exchange): void {
    const route = parsePath(target.path, this.#serviceTypeOf)
    const context = this.#context
    const { method } = exchange.request
    switch (route.kind) {
      case 'invoke':
        invoke(context, route, target, exchange)
        return
      case 'result-by-id': {
        // The id is a part of the path, and a bad path comes before a bad method (Restate 1.7.12, ingress).
        const id = checkedInvocationId(route.id)
        allowOnly('GET', method)
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
        exchange.answer(this.#health(exchange))
        return
      case 'openapi':
        allowOnly('GET', method)
        exchange.answer(this.#openApi.answer())
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

  /** Whoever has not said who he is where others must, learns that the server is up, and no names. */
  #health({ subject }: Exchange): Answer {
    const tellsNames = this.#auth === undefined || subject !== undefined
    const services = tellsNames ? [...this.#context.client.schema.services()].map(({ service }) => service.name) : []
    return jsonAnswer(200, { services })
  }
}

const healthPath = '/restate/health'

const emptyOk: Answer = { status: 200, headers: { 'content-length': '0' }, body: undefined, outcome: 'completed' }

function allowOnly(allowed: 'GET' | 'POST', method: string | undefined): void {
  if (method !== allowed) throw new IngressMethodNotAllowed(`${method} is not allowed, use ${allowed}`)
}
