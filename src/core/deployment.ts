import type { DeploymentId } from './ids.ts'
import type { Header } from './journal.ts'
import type { RetryPolicyOverrides } from './retry-policy.ts'

export type ServiceType = 'Service' | 'VirtualObject' | 'Workflow'

/** `Service` handlers have no type of their own on the wire; here they are `Stateless`. */
export type HandlerType = 'Stateless' | 'Exclusive' | 'Shared' | 'Workflow'

export type ProtocolMode = 'BIDI_STREAM' | 'REQUEST_RESPONSE'

/** What a body must look like to be accepted; see `inputRules` of ingress. `undefined` content type: any. */
export type InputRule =
  | { readonly kind: 'empty' }
  | { readonly kind: 'content-type'; readonly contentType: string }
  | { readonly kind: 'json'; readonly contentType: string }

export type OutputRule =
  | { readonly kind: 'none' }
  | { readonly kind: 'content-type'; readonly contentType: string; readonly setIfEmpty: boolean }

/** Options that a service sets for all its handlers, and a handler for itself. Times in milliseconds. */
export interface ServiceOptions {
  readonly inactivityTimeoutMs?: number
  readonly abortTimeoutMs?: number
  readonly journalRetentionMs?: number
  readonly idempotencyRetentionMs?: number
  readonly enableLazyState?: boolean
  readonly retryPolicy?: RetryPolicyOverrides
  /** Headers of calls that are kept beside those of the server's own list: names in lower case, `prefix-*` or `*`. */
  readonly headerAllowList?: readonly string[]
}

export interface HandlerRecord extends ServiceOptions {
  readonly name: string
  readonly type: HandlerType
  readonly public: boolean
  /** Any one that passes is enough; an empty list accepts nothing. */
  readonly input: readonly InputRule[]
  readonly output: OutputRule
  readonly inputDescription: string
  readonly outputDescription: string
  readonly inputJsonSchema?: unknown
  readonly outputJsonSchema?: unknown
  readonly workflowCompletionRetentionMs?: number
  readonly documentation?: string
  readonly metadata?: Readonly<Record<string, string>>
}

export interface ServiceRecord extends ServiceOptions {
  readonly name: string
  readonly type: ServiceType
  readonly revision: number
  readonly public: boolean
  readonly handlers: readonly HandlerRecord[]
  readonly workflowCompletionRetentionMs?: number
  readonly documentation?: string
  readonly metadata?: Readonly<Record<string, string>>
}

/** How requests to a deployment prove who sends them; tagged, because there will be other ways. */
export interface DeploymentAuth {
  readonly kind: 'google-id-token'
  /** Whom the tokens are for. */
  readonly audience: string
  /** E-mail address; without one the tokens are the server's own. */
  readonly impersonateServiceAccount?: string
}

/** A place where services run, as discovery found it. */
export interface DeploymentRecord {
  readonly id: DeploymentId
  /** Absolute http(s) URL, path ending in a slash. */
  readonly uri: string
  readonly protocolMode: ProtocolMode
  readonly httpVersion: 'HTTP/1.1' | 'HTTP/2.0'
  /** Sent on every discovery and invocation. Values are secrets: never logged. */
  readonly additionalHeaders: readonly Header[]
  readonly auth?: DeploymentAuth
  readonly metadata: Readonly<Record<string, string>>
  readonly createdAt: number
  readonly minProtocolVersion: number
  readonly maxProtocolVersion: number
  readonly sdkVersion?: string
  readonly services: readonly ServiceRecord[]
}
