import { GcpMintFailed, GcpMintTimeout } from '../errors/gcp.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import { checkAudience, checkServiceAccount, type GoogleIdTokenAuth } from './auth.ts'
import { type Environment, type FoundCredential, findCredential } from './credential-source.ts'
import { claimsOf } from './id-token-claims.ts'
import { explainMintFailure } from './mint-failure.ts'
import { type MintPlan, planMint } from './mint-plan.ts'

/** How tokens are minted. */
export interface MintOptions {
  /** The process's own by default, read at each mint. */
  readonly env?: Environment
  /** For everything from reading the credentials to the token, ms. 5 s by default. */
  readonly timeoutMs?: number
  /** For tests: where a request really goes. Asked after the check of where it should go. */
  readonly redirect?: (url: URL) => URL
}

const defaultTimeoutMs = 5_000

/**
 * Mints one ID token: finds the credentials, decides how, and asks Google. Rejects with an error of `errors/gcp.ts`,
 * or with the signal's reason. What is refused is refused before any traffic. `onFound` hears of the credentials before
 * they are used.
 */
export async function mintIdToken(
  auth: GoogleIdTokenAuth,
  options: MintOptions = {},
  signal?: AbortSignal,
  onFound?: (found: FoundCredential) => void,
): Promise<string> {
  const { audience, impersonateServiceAccount } = auth
  const what = `(audience '${audience}', impersonating '${impersonateServiceAccount ?? '(ambient)'}')`
  // Checked at registration as well; a record may come from elsewhere, and these go into URLs.
  checkAudience(audience)
  if (impersonateServiceAccount !== undefined) checkServiceAccount(impersonateServiceAccount)
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs
  const late = () =>
    new GcpMintTimeout(
      `ID token mint timed out after ${timeoutMs} ms ${what}. Outside Google Cloud the metadata server never answers: ` +
        "set GOOGLE_APPLICATION_CREDENTIALS. Otherwise check that the server reaches Google's APIs.",
    )
  return await limited(timeoutMs, late, signal, async (limit) => {
    const found = await findCredential(options.env ?? process.env)
    onFound?.(found)
    const plan = planMint(found.credential, impersonateServiceAccount)
    let asked: URL | undefined
    const onRequest = (url: URL) => {
      asked = url
    }
    const token = await ask(plan, found, auth, options, limit, onRequest).catch((error: unknown) => {
      if (error instanceof PerdureError) throw error
      throw new GcpMintFailed(`failed to mint ID token ${what}: ${explainMintFailure(plan, error, asked)}`)
    })
    const claims = claimsOf(token)
    if (claims?.aud === audience) return token
    throw new GcpMintFailed(
      `failed to mint ID token ${what}: what came back is ${claims === undefined ? 'not an ID token' : 'for another audience'}.`,
    )
  })
}

async function ask(
  plan: MintPlan,
  found: FoundCredential,
  auth: GoogleIdTokenAuth,
  options: MintOptions,
  signal: AbortSignal,
  onRequest: (url: URL) => void,
): Promise<string> {
  const [{ exchange }, { tokenTransport }] = await Promise.all([
    import('./exchange.ts'),
    import('./token-transport.ts'),
  ])
  const transport = tokenTransport({ signal, origins: originsOf(found), redirect: options.redirect, onRequest })
  return await exchange(plan, auth.audience, transport)
}

/** Where these credentials may go beside Google's API hosts. */
function originsOf({ credential }: FoundCredential): string[] {
  const first = credential.kind === 'impersonated-account' ? credential.source : credential
  if (first.kind === 'metadata-server') return [first.origin]
  if (first.kind === 'workload-identity' && 'url' in first.subjectToken.at) {
    return [new URL(first.subjectToken.at.url).origin]
  }
  return []
}

/** Runs the work until it ends, the time is over or the caller has gone, whichever is first. */
async function limited<T>(
  timeoutMs: number,
  late: () => Error,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer?.throwIfAborted()
  const abort = new AbortController()
  const { promise: ended, reject } = Promise.withResolvers<never>()
  // An abort by a time-out's own signal would look like a failure that is worth repeating.
  const end = (reason: unknown) => {
    reject(reason)
    abort.abort(new Error('the mint has ended'))
  }
  const leave = () => end(outer?.reason)
  const timer = setTimeout(() => end(late()), timeoutMs)
  outer?.addEventListener('abort', leave, { once: true })
  try {
    return await Promise.race([work(abort.signal), ended])
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', leave)
    abort.abort(new Error('the mint has ended'))
  }
}
