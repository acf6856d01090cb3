import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { claimsIn, isSignedBy, type Jwks, jwksOf, type KeyPair, rsaKeyPair, signRs256 } from './jwt.ts'

export const machineAccount = 'machine@proj.iam.gserviceaccount.com'

/** A request as a fake saw it. */
export interface SeenRequest {
  readonly method: string
  /** `metadata`, or the host that the request was meant for. */
  readonly host: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: IncomingMessage['headers']
  /** Of a form or a JSON body. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** What a fake does in place of an answer. */
export interface Fault {
  readonly path: RegExp
  readonly status?: number
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Never answers. */
  readonly hang?: boolean
  /** How often; always if it is not given. */
  times?: number
}

/** Making a key takes long, and one is enough for a process. */
const googleKey = rsaKeyPair('google-1')

/**
 * The metadata server, the OAuth token endpoint, the Security Token Service and the IAM Credentials API behind one
 * loopback port, and the key set that their ID tokens are verified with. `redirect` sends requests for Google's hosts
 * here, the name of the host in front of the path; the metadata server is reached directly, by `env`.
 */
export class GoogleFakes {
  readonly seen: SeenRequest[] = []
  readonly faults: Fault[] = []
  /** Accounts that nobody may impersonate. */
  readonly denied = new Set<string>()
  /** Keys of service accounts, by e-mail address. */
  readonly accountKeys = new Map<string, KeyPair>()
  lifetimeSeconds = 3600
  /** Before each answer. */
  delayMs = 0
  /** So long there is no answer. */
  held: Promise<void> | undefined
  idTokens = 0
  /** All that were handed out, of both kinds. */
  readonly issued: string[] = []
  origin = ''
  readonly #accessTokens = new Map<string, string>()
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    )
  })

  static async start(t: Test): Promise<GoogleFakes> {
    const fakes = new GoogleFakes()
    fakes.#server.listen(0, '127.0.0.1')
    await once(fakes.#server, 'listening')
    fakes.origin = `http://127.0.0.1:${(fakes.#server.address() as AddressInfo).port}`
    t.teardown(async () => {
      fakes.#server.closeAllConnections()
      fakes.#server.close()
      await once(fakes.#server, 'close')
    })
    return fakes
  }

  get jwks(): Jwks {
    return jwksOf(googleKey)
  }

  get jwksUrl(): string {
    return `${this.origin}/oauth2/v3/certs`
  }

  /** No credential file, and this metadata server. */
  get env(): Record<string, string> {
    return { GCE_METADATA_HOST: this.origin.slice('http://'.length) }
  }

  readonly redirect = (url: URL): URL =>
    url.origin === this.origin ? url : new URL(`/${url.host}${url.pathname}${url.search}`, this.origin)

  /** Hosts and paths, in order, without the part that is the same everywhere. */
  get trace(): string[] {
    return this.seen.map(
      ({ host, path }) => `${host}${path.replace('/computeMetadata/v1/instance/service-accounts', '')}`,
    )
  }

  idToken(audience: string, email: string | undefined, claims: Record<string, unknown> = {}): string {
    const now = Math.floor(Date.now() / 1000)
    this.idTokens++
    const token = signRs256(googleKey, {
      aud: audience,
      iss: 'https://accounts.google.com',
      sub: '1000',
      azp: '1000',
      iat: now,
      exp: now + this.lifetimeSeconds,
      jti: this.idTokens,
      ...(email === undefined ? {} : { email, email_verified: true }),
      ...claims,
    })
    this.issued.push(token)
    return token
  }

  #accessToken(identity: string): string {
    const token = `ya29.${identity}-${this.#accessTokens.size}`
    this.#accessTokens.set(token, identity)
    this.issued.push(token)
    return token
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const seen = seenRequest(request, Buffer.concat(chunks).toString())
    this.seen.push(seen)
    await this.held
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs))
    const fault = this.faults.find(({ path, times }) => path.test(`${seen.host}${seen.path}`) && times !== 0)
    if (fault?.times !== undefined) fault.times--
    if (fault?.hang === true) return
    const { status, body, headers } =
      fault === undefined
        ? this.#answer(seen)
        : answer(fault.status ?? 500, fault.body ?? '{"error":"injected"}', fault.headers)
    response.writeHead(status, headers)
    response.end(body)
  }

  #answer(seen: SeenRequest): Answer {
    switch (seen.host) {
      case 'metadata':
        return this.#metadata(seen)
      case 'oauth2.googleapis.com':
        return this.#oauth(seen)
      case 'sts.googleapis.com':
        return this.#exchange(seen)
      case 'iamcredentials.googleapis.com':
        return this.#iamCredentials(seen)
      case 'oauth2':
        return json(200, this.jwks)
      case 'elsewhere.example':
        return this.#elsewhere(seen)
      default:
        return json(404, { error: `no route ${seen.host}${seen.path}` })
    }
  }

  /** Another cloud, which hands out subject tokens. */
  #elsewhere({ path, headers }: SeenRequest): Answer {
    if (headers['x-caller'] !== 'perdure') return answer(401, 'who are you?')
    const token = 'subject-token-of-elsewhere'
    return path.endsWith('.json') ? json(200, { the_token: token }) : answer(200, token)
  }

  #metadata({ path, query, headers }: SeenRequest): Answer {
    if (headers['metadata-flavor'] !== 'Google') return answer(403, 'Missing Metadata-Flavor:Google header.')
    const flavor = { 'metadata-flavor': 'Google' }
    if (path.endsWith('/default/identity')) {
      const { audience } = query
      if (!audience) return answer(400, 'non-empty audience parameter required', flavor)
      return answer(200, this.idToken(audience, query.format === 'full' ? machineAccount : undefined), flavor)
    }
    if (path.endsWith('/default/token')) {
      const body = { access_token: this.#accessToken(machineAccount), expires_in: 3599, token_type: 'Bearer' }
      return json(200, body, flavor)
    }
    return answer(404, 'not found', flavor)
  }

  #oauth({ fields }: SeenRequest): Answer {
    if (fields.grant_type === 'refresh_token') {
      // As the real one: a user's ID token is for the client, whatever audience is asked for.
      const idToken = this.idToken(String(fields.client_id), 'dev@example.com')
      return json(200, {
        access_token: this.#accessToken('dev@example.com'),
        expires_in: 3599,
        id_token: idToken,
      })
    }
    const assertion = String(fields.assertion)
    const claims = claimsIn(assertion)
    const key = this.accountKeys.get(String(claims.iss))
    // The library names no key in the header, so it is found by the account.
    if (key === undefined || !isSignedBy(assertion, key.publicKey)) {
      return json(400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' })
    }
    if (claims.aud !== 'https://oauth2.googleapis.com/token') return json(400, { error: 'invalid_grant' })
    if (typeof claims.target_audience === 'string') {
      return json(200, { id_token: this.idToken(claims.target_audience, String(claims.iss)) })
    }
    if (typeof claims.scope !== 'string') return json(400, { error: 'invalid_scope' })
    return json(200, {
      access_token: this.#accessToken(String(claims.iss)),
      expires_in: 3599,
      token_type: 'Bearer',
    })
  }

  #exchange({ fields }: SeenRequest): Answer {
    if (fields.subject_token !== 'subject-token-of-elsewhere') {
      return json(400, { error: 'invalid_grant', error_description: 'The subject token is not accepted.' })
    }
    return json(200, {
      access_token: this.#accessToken('federated'),
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 3599,
    })
  }

  #iamCredentials({ path, headers, fields }: SeenRequest): Answer {
    const [, account = '', method] = /^\/v1\/projects\/-\/serviceAccounts\/([^:]+):(\w+)$/.exec(path) ?? []
    const caller = this.#accessTokens.get(headers.authorization?.replace('Bearer ', '') ?? '')
    if (caller === undefined) return apiError(401, 'UNAUTHENTICATED', 'Request had invalid credentials.')
    if (this.denied.has(account)) {
      return apiError(403, 'PERMISSION_DENIED', `Permission 'iam.serviceAccounts.getOpenIdToken' denied on resource.`)
    }
    switch (method) {
      case 'generateIdToken':
        return json(200, { token: this.idToken(String(fields.audience), account) })
      case 'generateAccessToken': {
        const expireTime = new Date(Date.now() + 3600_000).toISOString()
        return json(200, { accessToken: this.#accessToken(account), expireTime })
      }
      default:
        return apiError(404, 'NOT_FOUND', 'no such method')
    }
  }
}

function seenRequest(request: IncomingMessage, body: string): SeenRequest {
  const url = new URL(request.url ?? '/', 'http://fakes')
  const [, first = ''] = url.pathname.split('/')
  const isMetadata = first === 'computeMetadata'
  return {
    method: request.method ?? '',
    host: isMetadata ? 'metadata' : first,
    path: isMetadata ? url.pathname : url.pathname.slice(first.length + 1),
    query: Object.fromEntries(url.searchParams),
    headers: request.headers,
    fields: /json/.test(request.headers['content-type'] ?? '')
      ? { ...JSON.parse(body) }
      : Object.fromEntries(new URLSearchParams(body)),
  }
}

interface Answer {
  readonly status: number
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

function apiError(code: number, status: string, message: string): Answer {
  return json(code, { error: { code, message, status } })
}

function json(status: number, body: unknown, headers: Answer['headers'] = {}): Answer {
  return answer(status, JSON.stringify(body), headers)
}

function answer(status: number, body: string, headers: Answer['headers'] = {}): Answer {
  const contentType = body.startsWith('{') ? 'application/json' : 'application/text'
  return { status, body, headers: { 'content-type': contentType, ...headers } }
}
