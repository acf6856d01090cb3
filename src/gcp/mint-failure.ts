import type { Credential } from './credential.ts'
import type { MintPlan } from './mint-plan.ts'

const maxQuote = 300

/** What went wrong in an exchange, and what to do about it. Neither tokens nor keys are in the text. */
export function explainMintFailure(plan: MintPlan, error: unknown): string {
  const url = requestedUrl(error)
  const status = statusOf(error)
  const step = stepOf(plan, url)
  if (status === undefined) {
    if (url === undefined) return withoutSecrets(localReason(error))
    return `${step.name} gave no answer (${withoutSecrets(reasonOf(error))}). ${step.unreachable}`
  }
  const said = quoted(error)
  return `${step.name} answered ${status}${said === '' ? '' : `: ${said}`}. ${step.advice(status, said)}`.trim()
}

interface Step {
  readonly name: string
  /** What to do if nothing answers. */
  readonly unreachable: string
  advice(status: number, said: string): string
}

const networkAdvice = "Check that the server reaches Google's APIs; HTTPS_PROXY and NO_PROXY are honoured."

function stepOf(plan: MintPlan, url: URL | undefined): Step {
  const source = plan.kind === 'own' ? plan.credential : plan.source
  const first: Credential = source.kind === 'impersonated-account' ? source.source : source
  const account = /\/serviceAccounts\/([^:]+):/.exec(url?.pathname ?? '')?.[1]
  if (account !== undefined) return iamCredentials(account, url?.pathname.endsWith(':generateIdToken') === true)
  switch (first.kind) {
    case 'metadata-server':
      return metadataServer(first.origin)
    case 'workload-identity':
      return url?.href === first.tokenUrl ? tokenExchange : subjectToken
    case 'service-account-key':
    case 'user':
      return oauth(first.kind)
  }
}

function iamCredentials(account: string, isIdToken: boolean): Step {
  const role = isIdToken ? 'roles/iam.serviceAccountOpenIdTokenCreator' : 'roles/iam.serviceAccountTokenCreator'
  return {
    name: 'The IAM Credentials API',
    unreachable: networkAdvice,
    advice: (status, said) => {
      if (/SERVICE_DISABLED|has not been used|is disabled/i.test(said)) {
        return 'Enable it: gcloud services enable iamcredentials.googleapis.com.'
      }
      if (status === 403) {
        return (
          `Grant ${role} on ${account} to the identity of this server: gcloud iam service-accounts ` +
          `add-iam-policy-binding ${account} --role ${role} --member serviceAccount:THE-IDENTITY. ` +
          'A grant may take some minutes to hold.'
        )
      }
      if (status === 404) return `Check that the service account ${account} exists.`
      return status === 401 ? 'The credentials of this server are not accepted; check that they are still valid.' : ''
    },
  }
}

function metadataServer(origin: string): Step {
  return {
    name: `The metadata server (${origin})`,
    unreachable:
      'It is used because there is no credential file. Outside Google Cloud, set GOOGLE_APPLICATION_CREDENTIALS or ' +
      'run gcloud auth application-default login.',
    advice: (status) =>
      status === 404 ? 'Attach a service account to the machine or the pod; without one there is no identity.' : '',
  }
}

const tokenExchange: Step = {
  name: 'The Security Token Service',
  unreachable: networkAdvice,
  advice: (status) =>
    status < 500
      ? 'Check audience and subject_token_type of the credential file, and the conditions of the workload identity pool; ' +
        'the subject token may also have expired.'
      : '',
}

const subjectToken: Step = {
  name: 'The credential_source url of the credential file',
  unreachable: 'Check that it is right, and that the server reaches it.',
  advice: () => 'Check url and headers there.',
}

function oauth(kind: 'service-account-key' | 'user'): Step {
  const renew =
    kind === 'user'
      ? 'Log in again: gcloud auth application-default login.'
      : 'The key may be deleted or the account disabled: replace the file. Also check the clock of the server.'
  return {
    name: "Google's OAuth token endpoint",
    unreachable: networkAdvice,
    advice: (status) => (status === 400 || status === 401 ? renew : ''),
  }
}

function localReason(error: unknown): string {
  // Its text quotes what it stumbled over, which may be a token.
  if (error instanceof SyntaxError) return 'an answer or a subject token is not the JSON that it should be.'
  return `${reasonOf(error)}.`
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}

/** The answer's own words: an OAuth error, one of a Google API, or the beginning of a plain text. */
function quoted(error: unknown): string {
  const response = memberOf(error, 'response')
  const data = memberOf(response, 'data')
  const inner = memberOf(data, 'error')
  const parts =
    typeof data === 'string'
      ? [data]
      : typeof inner === 'string'
        ? [inner, memberOf(data, 'error_description')]
        : [memberOf(inner, 'status'), memberOf(inner, 'message')]
  const text = parts.filter((part): part is string => typeof part === 'string').join(', ')
  return withoutSecrets(text).replace(/\.$/, '')
}

function statusOf(error: unknown): number | undefined {
  const status = memberOf(memberOf(error, 'response'), 'status')
  return typeof status === 'number' ? status : undefined
}

function requestedUrl(error: unknown): URL | undefined {
  const url = memberOf(memberOf(error, 'config'), 'url')
  return url instanceof URL ? url : undefined
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Reflect.get(value, name)
}

const secretShapes: readonly RegExp[] = [
  /-----BEGIN[\s\S]*/g,
  /\beyJ[\w-]+(?:\.[\w-]*)*/g,
  /\bya29\.[\w.-]+/g,
  /\b1\/\/[\w-]{10,}/g,
  // Whatever else is long and without a break is no text.
  /[\w+/=-]{120,}/g,
]

function withoutSecrets(text: string): string {
  let clean = text.replace(/\s+/g, ' ')
  for (const shape of secretShapes) clean = clean.replace(shape, '[redacted]')
  return clean.length > maxQuote ? `${clean.slice(0, maxQuote)}…` : clean
}
