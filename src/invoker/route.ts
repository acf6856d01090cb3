import type { DeploymentAuth, DeploymentRecord, HandlerRecord, ServiceRecord } from '../core/deployment.ts'
import type { Invocation, InvocationTarget, PinnedDeployment } from '../core/invocation.ts'
import type { Header } from '../core/journal.ts'
import { type RetryPolicy, retryPolicyOf } from '../core/retry-policy.ts'
import type { Schema } from '../core/schema.ts'
import { DeploymentProtocolUnsupported, NoDeployment, PinnedProtocolUnsupported } from '../errors/invoker.ts'
import {
  defaultInvocationVersion,
  invocationContentType,
  invocationVersion,
  maxInvocationVersion,
  minDiscoverableVersion,
} from '../protocol/content-type.ts'

/** Everything about an attempt that is the same for all attempts of a handler on a deployment. */
export interface Route {
  readonly pinned: PinnedDeployment
  readonly httpVersion: DeploymentRecord['httpVersion']
  readonly origin: string
  /** Path and query of the request. */
  readonly path: string
  /** The path that request identity signs: without what the deployment's URL puts before it. */
  readonly signedPath: string
  readonly contentType: string
  /** The deployment's own headers, without those that the protocol or the connection owns. */
  readonly additionalHeaders: readonly Header[]
  /** Then nothing is sent without a token. */
  readonly auth?: DeploymentAuth
  /** Half-close behind the replay and never stream notifications. */
  readonly isRequestResponse: boolean
  /** State that Start carries, at most; 0 is none. */
  readonly eagerStateSizeLimitBytes: number
  readonly inactivityTimeoutMs: number
  readonly abortTimeoutMs: number
  readonly retryPolicy: RetryPolicy
}

export interface RouteDefaults {
  readonly inactivityTimeoutMs: number
  readonly abortTimeoutMs: number
  readonly eagerStateSizeLimitBytes: number
  readonly enableProtocolV7: boolean
  readonly defaultRetryPolicy: RetryPolicy
  readonly maxRetryPolicyMaxAttempts: number | undefined
}

// Names that belong to the protocol, to HTTP/2, or to the connection.
const reservedHeader =
  /^(:.*|content-type|accept|content-length|host|te|connection|proxy-connection|keep-alive|transfer-encoding|upgrade|http2-settings|expect|x-restate-.*)$/

/** Finds the deployment for an attempt: the pinned one, or the latest that has the service. */
export class Router {
  readonly #schema: Schema
  readonly #defaults: RouteDefaults
  /** The newest protocol version for invocations that begin. */
  readonly #newestVersion: number
  // A deployment's record is replaced, never changed, so what was made of it is good as long as it is around.
  readonly #routes = new WeakMap<DeploymentRecord, Map<string, Route>>()

  constructor(schema: Schema, defaults: RouteDefaults) {
    this.#schema = schema
    this.#defaults = defaults
    this.#newestVersion = defaults.enableProtocolV7 ? maxInvocationVersion : defaultInvocationVersion
  }

  /** @throws NoDeployment, DeploymentProtocolUnsupported, PinnedProtocolUnsupported */
  route(invocation: Invocation): Route {
    const { target, pinned } = invocation
    const deployment = this.#deploymentOf(target, pinned)
    const version = versionOf(deployment, pinned, this.#newestVersion)
    let routes = this.#routes.get(deployment)
    if (routes === undefined) {
      routes = new Map()
      this.#routes.set(deployment, routes)
    }
    const name = `${version}/${target.service}/${target.handler}`
    let route = routes.get(name)
    if (route === undefined) {
      route = this.#make(deployment, version, target)
      routes.set(name, route)
    }
    return route
  }

  /** The policy for failures that come before there is a route. */
  get defaultRetryPolicy(): RetryPolicy {
    return this.#policyOf(undefined, undefined)
  }

  #deploymentOf(target: InvocationTarget, pinned: PinnedDeployment | undefined): DeploymentRecord {
    if (pinned !== undefined) {
      const deployment = this.#schema.deployment(pinned.deploymentId)
      if (deployment !== undefined) return deployment
      throw new NoDeployment(
        `the invocation is pinned to deployment ${pinned.deploymentId}, which is not registered any more. ` +
          'Register it again, or move the invocation to another deployment',
      )
    }
    const latest = this.#schema.service(target.service)
    if (latest !== undefined) return latest.deployment
    throw new NoDeployment(`no deployment has the service ${target.service}. Register one`)
  }

  #make(deployment: DeploymentRecord, version: number, target: InvocationTarget): Route {
    const url = new URL(deployment.uri)
    const prefix = url.pathname.replace(/\/+$/, '')
    const signedPath = `/invoke/${target.service}/${target.handler}`
    // Also for a handler that the deployment has lost: the service itself then says so.
    const service = deployment.services.find((s) => s.name === target.service)
    const handler = service?.handlers.find((h) => h.name === target.handler)
    const hasLazyState = handler?.enableLazyState ?? service?.enableLazyState ?? false
    const inactivityTimeoutMs =
      handler?.inactivityTimeoutMs ?? service?.inactivityTimeoutMs ?? this.#defaults.inactivityTimeoutMs
    return {
      pinned: { deploymentId: deployment.id, protocolVersion: version },
      httpVersion: deployment.httpVersion,
      origin: url.origin,
      path: `${prefix}${signedPath}${url.search}`,
      signedPath,
      contentType: invocationContentType(version),
      additionalHeaders: deployment.additionalHeaders.filter(([name]) => !reservedHeader.test(name)),
      ...(deployment.auth === undefined ? {} : { auth: deployment.auth }),
      isRequestResponse: deployment.protocolMode === 'REQUEST_RESPONSE' || inactivityTimeoutMs === 0,
      eagerStateSizeLimitBytes: hasLazyState ? 0 : this.#defaults.eagerStateSizeLimitBytes,
      inactivityTimeoutMs,
      abortTimeoutMs: handler?.abortTimeoutMs ?? service?.abortTimeoutMs ?? this.#defaults.abortTimeoutMs,
      retryPolicy: this.#policyOf(service, handler),
    }
  }

  #policyOf(service: ServiceRecord | undefined, handler: HandlerRecord | undefined): RetryPolicy {
    const { defaultRetryPolicy, maxRetryPolicyMaxAttempts } = this.#defaults
    return retryPolicyOf(defaultRetryPolicy, service?.retryPolicy, handler?.retryPolicy, maxRetryPolicyMaxAttempts)
  }
}

function versionOf(deployment: DeploymentRecord, pinned: PinnedDeployment | undefined, newest: number): number {
  if (pinned !== undefined) {
    const { protocolVersion } = pinned
    if (protocolVersion >= minDiscoverableVersion && protocolVersion <= maxInvocationVersion) return protocolVersion
    throw new PinnedProtocolUnsupported(
      `the invocation began under service protocol version ${protocolVersion}; this server speaks ` +
        `${minDiscoverableVersion} to ${maxInvocationVersion}`,
    )
  }
  const { minProtocolVersion: min, maxProtocolVersion: max } = deployment
  const version = invocationVersion(min, max, newest)
  if (version !== undefined) return version
  throw new DeploymentProtocolUnsupported(
    `deployment ${deployment.id} speaks service protocol versions ${min} to ${max}; this server starts invocations ` +
      `with ${minDiscoverableVersion} to ${newest}. Deploy the service with another SDK version`,
  )
}
