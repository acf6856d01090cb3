import { PerdureError } from '../errors/perdure-error.ts'
import { checkAuth, type GoogleIdTokenAuth, type GoogleIdTokenRequest } from './auth.ts'
import { identityOf, kindName } from './credential.ts'
import { type FoundCredential, findCredential } from './credential-source.ts'
import { type AnswerHeaders, explainFrontEndAnswer } from './front-end-answer.ts'
import { type Claims, claimsOf } from './id-token-claims.ts'
import { type MintOptions, mintIdToken } from './mint-id-token.ts'
import { planMint } from './mint-plan.ts'

/** One thing that was looked at. Never holds a token or a key. */
export interface Finding {
  readonly check: 'authentication' | 'credentials' | 'token' | 'discovery'
  readonly outcome: 'ok' | 'failed' | 'skipped'
  /** One sentence or a few. */
  readonly summary: string
  /** Names and values, for instance the claims of the token. */
  readonly details: readonly (readonly [string, string])[]
}

export interface Diagnosis {
  readonly url: string
  readonly healthy: boolean
  /** In the order in which a request meets them. */
  readonly findings: readonly Finding[]
  readonly nextStep: string
}

/** How discovery went, as the caller carried it out with the token. */
export type DiscoveryOutcome =
  | { readonly kind: 'manifest'; readonly services: readonly string[] }
  | { readonly kind: 'status'; readonly status: number; readonly headers: AnswerHeaders; readonly body?: string }
  | { readonly kind: 'error'; readonly message: string }

export interface DoctorRequest extends GoogleIdTokenRequest {
  readonly url: string
}

/** Discovers with this token in `x-serverless-authorization`. */
export type Discover = (token: string) => Promise<DiscoveryOutcome>

const claimNames = ['aud', 'iss', 'sub', 'azp', 'email', 'email_verified', 'iat', 'exp'] as const

/**
 * Looks at the way to a private service step by step and stops at the first that fails: is what is asked for valid,
 * which credentials are there and why, do they mint a token, does the service accept it. Reads and asks as an
 * invocation would; changes nothing. Rejects only for errors that are no finding.
 */
export async function diagnose(
  request: DoctorRequest,
  discover: Discover,
  options: MintOptions = {},
): Promise<Diagnosis> {
  const findings: Finding[] = []
  const end = (nextStep: string, healthy = false): Diagnosis => {
    for (const check of ['authentication', 'credentials', 'token', 'discovery'] as const) {
      if (findings.some((finding) => finding.check === check)) continue
      findings.push({ check, outcome: 'skipped', summary: 'Not tried, because of what is above.', details: [] })
    }
    return { url: request.url, healthy, findings, nextStep }
  }
  const fail = (check: Finding['check'], summary: string, nextStep: string): Diagnosis => {
    findings.push({ check, outcome: 'failed', summary, details: [] })
    return end(nextStep)
  }

  const auth = await attempt(async () => checkAuth(request.url, request))
  if (auth instanceof PerdureError) return fail('authentication', auth.message, 'Correct what is asked for.')
  findings.push(authenticationFinding(auth, request))

  const found = await attempt(async () => {
    const credential = await findCredential(options.env ?? process.env)
    planMint(credential.credential, auth.impersonateServiceAccount)
    return credential
  })
  if (found instanceof PerdureError) return fail('credentials', found.message, 'Give the server usable credentials.')
  findings.push(credentialsFinding(found))

  const token = await attempt(() => mintIdToken(auth, options))
  if (token instanceof PerdureError) return fail('token', token.message, 'Follow the advice on the token above.')
  findings.push(tokenFinding(claimsOf(token) ?? {}))

  const outcome = await discover(token)
  findings.push(discoveryFinding(outcome, auth))
  return outcome.kind === 'manifest'
    ? end(`Register it: ${registration(request)}`, true)
    : end('Follow the advice on discovery above.')
}

async function attempt<T>(step: () => Promise<T>): Promise<T | PerdureError> {
  try {
    return await step()
  } catch (error) {
    if (error instanceof PerdureError) return error
    throw error
  }
}

function authenticationFinding(auth: GoogleIdTokenAuth, request: DoctorRequest): Finding {
  const why = request.audience === undefined ? 'derived from the URL' : 'as given'
  return {
    check: 'authentication',
    outcome: 'ok',
    summary: `Tokens are for the audience ${auth.audience}, ${why}.`,
    details: [
      ['audience', auth.audience],
      ['impersonation', auth.impersonateServiceAccount ?? '(ambient)'],
    ],
  }
}

function credentialsFinding(found: FoundCredential): Finding {
  const identity = identityOf(found.credential)
  return {
    check: 'credentials',
    outcome: 'ok',
    summary: `The credentials are: ${kindName(found.credential)}, because ${found.because}.`,
    details: [
      ['kind', kindName(found.credential)],
      ...(found.path === undefined ? [] : [['file', found.path] as const]),
      ...(found.credential.kind === 'metadata-server' ? [['server', found.credential.origin] as const] : []),
      ...(identity === undefined ? [] : [['identity', identity] as const]),
    ],
  }
}

function tokenFinding(claims: Claims): Finding {
  const identity = typeof claims.email === 'string' ? claims.email : String(claims.sub)
  return {
    check: 'token',
    outcome: 'ok',
    summary: `A token was minted; to the service, this server is ${identity}.`,
    details: claimNames.flatMap((name) =>
      claims[name] === undefined ? [] : [[name, shownClaim(name, claims[name])] as const],
    ),
  }
}

function shownClaim(name: string, value: unknown): string {
  const isTime = (name === 'iat' || name === 'exp') && typeof value === 'number'
  return isTime ? `${value} (${new Date(value * 1000).toISOString()})` : String(value).slice(0, 200)
}

function discoveryFinding(outcome: DiscoveryOutcome, auth: GoogleIdTokenAuth): Finding {
  const finding = (isOk: boolean, summary: string): Finding => ({
    check: 'discovery',
    outcome: isOk ? 'ok' : 'failed',
    summary,
    details: [],
  })
  switch (outcome.kind) {
    case 'manifest':
      return finding(true, `The service answered discovery: ${outcome.services.join(', ') || 'no services'}.`)
    case 'status': {
      const advice = explainFrontEndAnswer(outcome.status, outcome.headers, outcome.body, auth)
      return finding(
        false,
        `The answer to discovery has the status ${outcome.status}. ` +
          (advice ?? 'It is the answer of the service itself: check that the URL is that of a Restate SDK endpoint.'),
      )
    }
    case 'error':
      return finding(false, outcome.message)
  }
}

function registration({ url, audience, impersonateServiceAccount }: DoctorRequest): string {
  const options = [
    ...(impersonateServiceAccount === undefined
      ? []
      : [`--gcp-impersonate-service-account ${impersonateServiceAccount}`]),
    ...(audience === undefined ? [] : [`--gcp-audience ${quoted(audience)}`]),
  ]
  return `restate deployments register ${quoted(url)} ${options.length === 0 ? '--gcp-id-token' : options.join(' ')}`
}

/** As one word for a shell: URLs may hold what it takes for its own. */
function quoted(word: string): string {
  return /^[\w@%+=:,./[\]-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
