import type { AdminRole } from '../config/config.ts'

/** Versions of the API that are spoken. */
export type ApiVersion = 2 | 3 | 4

/** One request, as an operation sees it: decoded, without HTTP. */
export interface AdminCall {
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** Parsed JSON, unchecked, or the bytes as they came; `undefined` for operations without a body. */
  readonly body: unknown
  /** What whoever asks may do; it may be asked for already, and says what is shown. */
  readonly role: AdminRole
  /** What the path asks for by its prefix; without one the newest is meant. */
  readonly apiVersion: ApiVersion | undefined
  /** Aborted when the client has gone before it was answered. */
  readonly signal: AbortSignal
  /** Tells the audit log what was asked, also if it is refused afterwards. Ids and options; never header values or bodies. */
  note(details: AuditDetails): void
}

export interface Answer {
  readonly status: number
  /** The body, written as JSON; without it and `bytes` the answer has none. */
  readonly json?: unknown
  /** The body as it is, of no known type. */
  readonly bytes?: Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  /** What the audit line of a write tells; a write of many parts has a line for each. */
  readonly audit?: AuditDetails | readonly AuditDetails[]
}

/** Stands in an audit line beside the action, the path and the status. Ids and options; never header values or bodies. */
export interface AuditDetails {
  /** Where it is not what the status says: parts of a request can be refused though the request was not. */
  readonly result?: 'done' | 'refused'
  readonly [field: string]: unknown
}

/** What one method of a route does. Errors are thrown: see `error-answer.ts` for what becomes of them. */
export interface Operation {
  /** Runs before the body is looked at, and throws where this version of the API does not have it. */
  readonly checkVersion?: (apiVersion: ApiVersion | undefined) => void
  /** The request must have a JSON body. */
  readonly jsonBody?: true
  /** The request has a body of whatever type. */
  readonly rawBody?: true
  /** The name of a write in the audit log; reads have none. */
  readonly audit?: string
  handle(call: AdminCall): Answer | Promise<Answer>
}

export type AdminMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** A path in Fastify's syntax, without version prefix, and what its methods do. */
export interface AdminRoute {
  readonly path: string
  readonly methods: Readonly<Partial<Record<AdminMethod, Operation>>>
}
