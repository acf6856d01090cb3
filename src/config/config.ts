import type { RetryPolicy } from '../core/retry-policy.ts'
import type { EgressRule } from './egress-rule.ts'
import type { ListenerTls } from './listener-tls.ts'

/** The longest delay that a Node timer keeps, about 24.8 days; a longer one would run out at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1

/** Where one of the three servers listens, and how much it accepts. */
export interface ListenerConfig {
  readonly listenMode: 'tcp' | 'unix' | 'all'
  readonly bindIp: string
  /** 0 takes any free port. */
  readonly bindPort: number
  /** `http://…` or `unix:/path`; shown to clients instead of the bound address. */
  readonly advertisedAddress: string | undefined
  /** Host part for the advertised address where the port is known only when it is bound. */
  readonly advertisedHost?: string
  /** Absolute path of the socket file. */
  readonly unixSocketPath: string
  /** File mode bits of the socket, 0o600 by default. */
  readonly unixSocketMode: number
  /** Name or number; the group of the process where there is none. */
  readonly unixSocketGroup?: string | undefined
  /** Of the TCP sockets; Unix sockets are plain. `undefined`: none. */
  readonly tls?: ListenerTls | undefined
  readonly requestSizeLimitBytes: number
  readonly maxHeaderBytes: number
  readonly maxHeaderCount: number
  readonly headersTimeoutMs: number
  /** Longest silence while a body is being received. */
  readonly bodyTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly maxConnections: number
  readonly http2MaxConcurrentStreams: number
  /** Requests in progress; more are answered 429. `undefined`: no limit. */
  readonly concurrentRequestsLimit: number | undefined
}

export interface IngressConfig extends ListenerConfig {
  readonly headerAllowList: readonly string[]
  readonly headerAllowListExtra: readonly string[]
  readonly headerPolicy: 'allow-list' | 'restate-compatible'
  /** Journal the query string as well as the path of a call. */
  readonly journalQueryString: boolean
  readonly corsAllowedOrigins: readonly string[]
  readonly auth: IngressAuthConfig
}

/** How callers of ingress prove who they are: by an API key, or by a JWT. With neither configured, nobody is asked. */
export interface IngressAuthConfig {
  /** Names and `sha256:<hex>`. */
  readonly apiKeys: Readonly<Record<string, string>>
  /** Absolute. */
  readonly apiKeysFile: string | undefined
  readonly apiKeyHeaders: readonly string[]
  /** Takes the verified subject to handlers and journal. */
  readonly subjectHeader: string | undefined
  /** Health answers without credentials. */
  readonly openHealth: boolean
  readonly jwt: {
    readonly profile: 'generic' | 'google-iap'
    readonly issuer: string | undefined
    readonly audiences: readonly string[]
    readonly jwksUrl: string | undefined
    /** Absolute. */
    readonly jwksFile: string | undefined
    readonly header: string
    readonly algorithms: readonly string[]
    readonly clockSkewMs: number
    /** Claims by name, `*` for any value. */
    readonly requiredClaims: Readonly<Record<string, string>>
    readonly subjectClaim: string
  }
}

/** What somebody may do at admin: look; also operate invocations and state; everything. */
export type AdminRole = 'read-only' | 'operator' | 'admin'

export interface AdminTokenConfig {
  readonly role: AdminRole
  /** `sha256:<hex>` */
  readonly hash: string
}

/** How users of admin prove who they are. With no tokens configured, nobody is asked. */
export interface AdminAuthConfig {
  /** By name. */
  readonly tokens: Readonly<Record<string, AdminTokenConfig>>
  /** Absolute. */
  readonly tokensFile: string | undefined
  /** Of those who may open the socket file. */
  readonly unixSocketRole: AdminRole
  /** Listen beyond this machine all the same. */
  readonly allowUnauthenticated: boolean
}

/** What a SQL query may use. */
export interface QueryConfig {
  /** From its start to the last row; a query that takes longer is stopped. */
  readonly timeoutMs: number
  readonly maxRows: number
  /** Of the answer, as it is sent. */
  readonly maxResultBytes: number
  /** Of the process that runs it, all in all. */
  readonly maxMemoryBytes: number
  /** Queries that run at the same time, each in a process of its own. */
  readonly concurrency: number
}

export interface InvokerConfig {
  readonly inactivityTimeoutMs: number
  readonly abortTimeoutMs: number
  readonly messageSizeLimitBytes: number
  readonly messageSizeWarningBytes: number
  readonly concurrentInvocationsLimit: number
  /** Bytes of journals and state that may be on their way to services; more attempts wait. */
  readonly memoryLimitBytes: number
  /** Bytes that the journal of one invocation may have. */
  readonly perInvocationMemoryLimitBytes: number
  /** Entries that the journal of one invocation may have. */
  readonly journalLengthLimit: number
  /** Levels of the tree that a handler may wait for (protocol V7). */
  readonly maxAwaitedFutureDepth: number
  /** State, keys and values, that an attempt gets when it starts; 0 is none, so that handlers ask for what they need. */
  readonly eagerStateSizeLimitBytes: number
  /** Start invocations with service protocol V7 where the deployment speaks it. */
  readonly enableProtocolV7: boolean
  readonly connectTimeoutMs: number
  readonly http2KeepAliveIntervalMs: number
  readonly http2KeepAliveTimeoutMs: number
  readonly http2StreamsPerConnectionLimit: number
  readonly http2IdleConnectionTimeoutMs: number
  readonly http2StreamWindowBytes: number
  readonly http2ConnectionWindowBytes: number
  readonly requestIdentityPrivateKeyPemFile: string | undefined
  /** Not signed with yet; need not exist. */
  readonly requestIdentityNextPrivateKeyPemFile: string | undefined
  readonly requestIdentityExpirationMs: number
  readonly additionalRequestHeaders: Readonly<Record<string, string>>
}

/** Where the server connects to on behalf of deployments. */
export interface EgressConfig {
  /** `strict`: nowhere but where `allow` says. */
  readonly mode: 'default' | 'strict'
  readonly allow: readonly EgressRule[]
  readonly deny: readonly EgressRule[]
}

export interface LogConfig {
  /** A segment is closed when it has reached this size. */
  readonly segmentSizeBytes: number
}

export interface StoreConfig {
  /** How often the log is folded into the store, when there is something to fold. */
  readonly checkpointIntervalMs: number
  /** Log bytes that may wait for the store; past it new work waits. */
  readonly maxPendingBytes: number
}

/**
 * The configuration as the rest of the server sees it: complete, checked, in units that names tell. Times that drive a timer
 * are at most `MAX_TIMER_MS`; 0 means "off" where the key's description says so.
 */
export interface Config {
  readonly clusterName: string
  readonly nodeName: string
  /** Absolute. Data of this node is in `<baseDir>/<nodeName>`. */
  readonly baseDir: string
  readonly compatibility: 'strict' | 'restate'
  readonly shutdownTimeoutMs: number
  readonly logFilter: string
  readonly logFormat: 'pretty' | 'compact' | 'json'
  readonly logDisableAnsiCodes: boolean
  readonly disablePrometheus: boolean
  readonly defaultJournalRetentionMs: number
  readonly maxJournalRetentionMs: number | undefined
  readonly defaultIdempotencyRetentionMs: number
  readonly maxIdempotencyRetentionMs: number | undefined
  readonly defaultWorkflowCompletionRetentionMs: number
  readonly maxWorkflowCompletionRetentionMs: number | undefined
  readonly defaultRetryPolicy: RetryPolicy
  readonly maxRetryPolicyMaxAttempts: number | undefined
  readonly fabric: ListenerConfig & {
    /** Listen beyond this machine all the same. */
    readonly allowUnauthenticated: boolean
  }
  readonly admin: ListenerConfig & {
    readonly deploymentRoutingHeaders: readonly string[]
    /** Host names, beside loopback and the bound addresses, that the Host header may carry. */
    readonly allowedHosts: readonly string[]
    readonly auth: AdminAuthConfig
    readonly query: QueryConfig
  }
  readonly ingress: IngressConfig
  readonly worker: {
    /** How often expired invocations are removed. */
    readonly cleanupIntervalMs: number
    readonly invoker: InvokerConfig
  }
  readonly egress: EgressConfig
  readonly log: LogConfig
  readonly store: StoreConfig
  readonly secrets: {
    /** Absolute. Log and store are sealed if there is one. */
    readonly keyFile: string | undefined
  }
}
