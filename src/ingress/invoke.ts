import { parseDurationMs } from '../config/duration.ts'
import type { ServiceType } from '../core/deployment.ts'
import type { NewInvocation } from '../core/invocation.ts'
import { retentionOf } from '../core/retention-policy.ts'
import type { ResolvedHandler } from '../core/schema.ts'
import {
  IngressBadDelay,
  IngressBadHeader,
  IngressBadIdempotencyKey,
  IngressDeploymentTooOld,
  IngressHandlerNotFound,
  IngressMethodNotAllowed,
  IngressNotPublic,
} from '../errors/ingress.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import { invocationIdFor, invocationIdRandomBytes } from '../protocol/ids/derive-invocation-id.ts'
import { newUlid, ulidRandomBytes } from '../protocol/ids/ulid.ts'
import { acceptanceAnswer } from './answer.ts'
import { checkInput } from './content-rules.ts'
import type { IngressContext } from './context.ts'
import type { Exchange } from './exchange.ts'
import type { InvokeRoute } from './path.ts'
import { type IngressHeaders, readIngressHeaders } from './request-headers.ts'
import { queryParameter, type RequestTarget } from './request-target.ts'
import { answerCompletion } from './results.ts'
import { checkLimitKey, refuseScope } from './scope.ts'

/** Older deployments are not registered; one may remain from an earlier server. */
const minProtocolVersion = 5

const noBytes = new Uint8Array(0)

// The last moment that RFC 3339 can write: the end of the year 9999.
const maxExecutionTimeMs = 253_402_300_799_999

/**
 * Answers a call or a send. The order of the checks is the peer's (Restate 1.7.12, ingress): what needs no body is
 * checked before the body is read.
 */
export function invoke(context: IngressContext, route: InvokeRoute, target: RequestTarget, exchange: Exchange): void {
  const resolved = context.client.schema.handler(route.service, route.handler)
  if (resolved === undefined) {
    throw new IngressHandlerNotFound(
      `the newest registered revision of '${route.service}' has no handler '${route.handler}'`,
    )
  }
  const headers = readIngressHeaders(exchange.request.rawHeaders)
  checkWithoutBody(route, resolved, headers, exchange.request.method)

  exchange.withBody(context.config.ingress.requestSizeLimitBytes, (body) => {
    const invocation = newInvocation(context, route, resolved, headers, target, body, exchange)
    return route.mode === 'send' ? send(context, invocation, exchange) : call(context, invocation, exchange)
  })
}

function checkWithoutBody(
  route: InvokeRoute,
  { service, handler, deployment }: ResolvedHandler,
  { idempotencyKey }: IngressHeaders,
  method: string | undefined,
): void {
  if (!service.public || !handler.public) throw new IngressNotPublic(`${service.name}/${handler.name} is not public`)
  if (deployment.maxProtocolVersion < minProtocolVersion) {
    throw new IngressDeploymentTooOld(
      `${service.name} is on deployment ${deployment.id}, whose SDK is too old: upgrade it and register it again`,
    )
  }
  if (idempotencyKey !== undefined) {
    if (!visibleAscii.test(idempotencyKey)) {
      throw new IngressBadHeader('the value of header idempotency-key has bytes that are not visible ASCII')
    }
    if (handler.type === 'Workflow') {
      throw new IngressBadIdempotencyKey(
        'a run of a workflow takes no idempotency-key: the key of the workflow makes it idempotent already',
      )
    }
  }
  if (route.scope !== undefined) refuseScope(route.scope)
  if (method !== 'GET' && method !== 'POST') throw new IngressMethodNotAllowed(`${method} is not allowed, use POST`)
}

function newInvocation(
  context: IngressContext,
  route: InvokeRoute,
  resolved: ResolvedHandler,
  ingressHeaders: IngressHeaders,
  { path, query }: RequestTarget,
  body: Uint8Array,
  { request, subject }: Exchange,
): NewInvocation {
  const { config } = context
  const { service, handler } = resolved
  checkInput(handler.input, ingressHeaders.contentType, body.length)
  const nowMs = context.now()
  const delay = queryParameter(query, 'delay')
  const executionTime = delay === undefined ? undefined : executionTimeOf(delay, nowMs)
  checkLimitKey(ingressHeaders.limitKey ?? queryParameter(query, 'limit-key') ?? '')
  const ingressPath = config.ingress.journalQueryString && query !== undefined ? `${path}?${query}` : path
  const headers = context.headerPolicies.of(resolved).select(request.rawHeaders, ingressPath, subject)
  if (executionTime !== undefined && route.mode === 'call') {
    throw new IngressBadDelay('a call takes no delay: use /send to have the handler run later')
  }

  const givenKey = ingressHeaders.idempotencyKey
  const idempotencyKey = givenKey ?? injectedKey(service.type, nowMs, context)
  const isWorkflowRun = handler.type === 'Workflow'
  const hasFixedId = idempotencyKey !== undefined || isWorkflowRun
  const id = invocationIdFor(
    { service: service.name, key: route.key, handler: handler.name, isWorkflowRun, idempotencyKey },
    nowMs,
    hasFixedId ? noBytes : context.random(invocationIdRandomBytes),
  )
  return {
    id,
    target: {
      service: service.name,
      serviceType: service.type,
      key: route.key,
      handler: handler.name,
      handlerType: handler.type,
    },
    source: { kind: 'ingress' },
    headers,
    body,
    idempotencyKey,
    executionTime,
    ...retentionOf(service, handler, idempotencyKey !== undefined, config),
    ...(givenKey === undefined && !isWorkflowRun ? { fresh: true } : {}),
  }
}

/**
 * Calls of services and objects that came without an idempotency key get one of their own, so that their results are
 * kept and can be attached to; handlers of workflows do not (Restate 1.7, controlled idempotent sharding).
 */
function injectedKey(serviceType: ServiceType, nowMs: number, context: IngressContext): string | undefined {
  return serviceType === 'Workflow' ? undefined : newUlid(nowMs, context.random(ulidRandomBytes))
}

function executionTimeOf(delay: string, nowMs: number): number {
  let delayMs: number
  try {
    delayMs = parseDurationMs(delay)
  } catch (error) {
    if (error instanceof PerdureError) throw new IngressBadDelay(`bad delay: ${error.message}`, { cause: error })
    throw error
  }
  const executionTime = nowMs + delayMs
  if (executionTime > maxExecutionTimeMs) throw new IngressBadDelay('bad delay: it ends after the year 9999')
  return executionTime
}

async function send(context: IngressContext, invocation: NewInvocation, exchange: Exchange): Promise<void> {
  const acceptance = await context.client.send(invocation)
  // A delay of nothing is answered with a time as well, though nothing waits for it.
  const executionTime =
    acceptance.executionTime ?? (acceptance.status === 'accepted' ? invocation.executionTime : undefined)
  exchange.answer(acceptanceAnswer(acceptance, executionTime))
}

async function call(context: IngressContext, invocation: NewInvocation, exchange: Exchange): Promise<void> {
  const waiting = exchange.cancelWithCaller(context.client.call(invocation))
  answerCompletion(context, invocation.id, invocation.target, await waiting.completion, exchange)
}

const visibleAscii = /^[\t\x20-\x7e]*$/
