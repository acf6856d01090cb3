import type { GoogleIdTokenRequest } from '../gcp/auth.ts'

/** Authentication as it is asked for: an audience that is not given is derived from the URI. */
export interface AuthRequest extends GoogleIdTokenRequest {
  readonly kind: 'google-id-token'
}

/** `POST /deployments`. */
export interface RegisterRequest {
  /** The text as it was given: an audience is derived from that. */
  readonly uri: string
  readonly additionalHeaders?: Readonly<Record<string, string>>
  readonly auth?: AuthRequest
  readonly metadata?: Readonly<Record<string, string>>
  readonly useHttp11?: boolean
  /** Discover again what is already registered at this address, and overwrite it. */
  readonly force?: boolean
  /** Allow a service to change its type. */
  readonly breaking?: boolean
  /** Do everything but store. The id of a new deployment is then another than the later one. */
  readonly dryRun?: boolean
  /** Aborted when the caller has gone. */
  readonly signal?: AbortSignal
}

/** `PATCH /deployments/{id}`: what is not given stays. */
export interface UpdateRequest {
  readonly uri?: string
  /** Replaces all headers. */
  readonly additionalHeaders?: Readonly<Record<string, string>>
  /** Replaces the authentication; `null` removes it. */
  readonly auth?: AuthRequest | null
  readonly useHttp11?: boolean
  /** Take over the services that are discovered; otherwise those of the deployment stay as they are. */
  readonly overwrite?: boolean
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
}

/** `PATCH /services/{name}`: what is not given stays. Times in milliseconds. */
export interface ServiceChanges {
  /** Holds for all handlers. */
  readonly public?: boolean
  readonly idempotencyRetentionMs?: number
  /** Workflows only. */
  readonly workflowCompletionRetentionMs?: number
  readonly journalRetentionMs?: number
  readonly inactivityTimeoutMs?: number
  readonly abortTimeoutMs?: number
  /** Replaces the service's own list; empty removes it. Stays when the service is registered again. */
  readonly headerAllowList?: readonly string[]
  /** The same for handlers, by name. */
  readonly handlerHeaderAllowLists?: Readonly<Record<string, readonly string[]>>
}
