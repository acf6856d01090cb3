import { isLoopbackAddress } from '../../config/address-types.ts'
import { readAdminToken } from '../../config/admin-token-types.ts'
import type { AdminAuthConfig, AdminRole } from '../../config/config.ts'
import { asksForTokens } from '../../config/exposure.ts'
import { AdminBadToken, AdminBadTokensFile, AdminNoToken } from '../../errors/admin.ts'
import type { PerdureError } from '../../errors/perdure-error.ts'
import { digestOf, type HashedKey, HashedKeys } from '../../keys/hashed-keys.ts'
import { headerCredential } from '../../keys/header-credential.ts'
import { clientCertificateName } from '../../listen/tls-peers.ts'
import { arrivedOnUnixSocket } from '../../listen/unix-peers.ts'
import type { Logger } from '../../telemetry/logger.ts'
import type { Caller } from './caller.ts'
import { newAdminAuthCounts } from './metrics.ts'
import { higherOf } from './roles.ts'

interface AdminToken extends HashedKey {
  readonly role: AdminRole
}

/** The parts of a request that say who has sent it. */
export interface AuthRequest {
  readonly rawHeaders: readonly string[]
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/** Knows who sends requests to admin: by a token, by a Unix socket that not everybody may open, or, without tokens, by the address. */
export class AdminAuth {
  /** Whether tokens are configured. Without any, an Authorization header means nothing here. */
  readonly asksForTokens: boolean
  readonly counts = newAdminAuthCounts()
  readonly #tokens: HashedKeys<AdminToken>
  readonly #unixSocketRole: AdminRole

  /** Throws `AdminBadTokensFile` when the file cannot be read, is open to others, or has a line that is no token. */
  constructor(
    config: AdminAuthConfig,
    { now, log }: { readonly now: () => number; readonly log: Pick<Logger, 'info' | 'error'> },
  ) {
    const { tokens, tokensFile: path, unixSocketRole } = config
    this.asksForTokens = asksForTokens(config)
    this.#unixSocketRole = unixSocketRole
    this.#tokens = new HashedKeys({
      what: 'admin-tokens',
      fixed: Object.entries(tokens).map(([name, { role, hash }]) => ({ name, role, digest: digestOf(hash) })),
      file:
        path === undefined
          ? undefined
          : { path, what: 'admin tokens', isPrivate: true, parse: parseLine, BadFile: AdminBadTokensFile },
      now,
      log,
    })
  }

  /** Who has sent a request, or the error for whoever cannot be known. A token that is wrong is never passed over. */
  identify(request: AuthRequest): Caller | PerdureError {
    const overUnixSocket = arrivedOnUnixSocket(request)
    const credential = this.asksForTokens ? headerCredential(request.rawHeaders, 'authorization') : undefined
    if (credential === 'repeated') return new AdminBadToken('there is more than one authorization header')
    if (credential !== undefined) {
      const token = this.#tokens.find(credential.value)
      if (token === undefined) return new AdminBadToken('the token is not known here')
      const role = overUnixSocket ? higherOf(token.role, this.#unixSocketRole) : token.role
      return { role, name: `token ${token.name}` }
    }
    if (overUnixSocket) return { role: this.#unixSocketRole, name: 'unix socket' }
    if (this.asksForTokens) {
      return new AdminNoToken(
        'a token is required: Authorization: Bearer <token>; the CLI takes it from RESTATE_AUTH_TOKEN',
      )
    }
    const certificate = clientCertificateName(request)
    if (certificate !== undefined) return { role: 'admin', name: `client certificate ${certificate}` }
    const isLocal = isLoopbackAddress(request.socket.remoteAddress ?? '')
    return { role: 'admin', name: isLocal ? 'loopback peer' : 'unauthenticated peer' }
  }

  /** Reads the file of tokens again. Throws `AdminBadTokensFile`, and keeps the tokens that it had. */
  reload(): void {
    this.#tokens.reload()
  }
}

function parseLine([name = '', ...words]: readonly string[]): AdminToken | string {
  const token = readAdminToken(name, words)
  return typeof token === 'string' ? token : { name, role: token.role, digest: digestOf(token.hash) }
}
