import { AnswerUnusable } from './answer-unusable.ts'
import type { Credential } from './credential.ts'
import type { MintPlan } from './mint-plan.ts'

const maxQuote = 300

/**
 * What went wrong in an exchange, and what to do about it. Neither tokens nor keys are in the text. `asked` is the last
 * URL that a request was made to.
 */
export function explainMintFailure(plan: MintPlan, error: unknown, asked?: URL): string {
  const url = requestedUrl(error)
  const status = statusOf(error)
  const step = stepOf(plan, url ?? asked)
  if (status === undefined) {
    if (error instanceof AnswerUnusable) return `${error.message}.`
    if (url !== undefined) return `${step.name} gave no answer (${reasonOf(error)}). ${step.unreachable}`
    // The text of such an error of the library quotes what it stumbled over, which may be a token.
    if (asked !== undefined) return `${step.name} gave an answer that does not hold what was asked for.`
    return localReason(error)
  }
  if (status === 407)
    return 'The proxy that HTTPS_PROXY names answered 407: it wants a user name and password, which go into its URL.'
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
  if (account !== undefined) {
    const isIdToken = url?.pathname.endsWith(':generateIdToken') === true
    return iamCredentials(account, isIdToken, memberOfPolicy(isIdToken ? source : first, account))
  }
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

/** Who asks the IAM Credentials API for a token of the account, as a member of a policy, as far as that is known. */
function memberOfPolicy(caller: Credential, account: string): string {
  switch (caller.kind) {
    case 'service-account-key':
      return `serviceAccount:${caller.email}`
    case 'impersonated-account':
      return `serviceAccount:${caller.serviceAccount}`
    case 'workload-identity':
      if (caller.serviceAccount !== undefined && caller.serviceAccount !== account) {
        return `serviceAccount:${caller.serviceAccount}`
      }
      return `principal:${caller.audience.replace(/\/providers\/.*/, '')}/subject/SUBJECT`
    case 'user':
      return 'user:YOUR-ADDRESS'
    case 'metadata-server':
      return 'serviceAccount:ACCOUNT-OF-THIS-MACHINE-OR-POD'
  }
}

function iamCredentials(account: string, isIdToken: boolean, member: string): Step {
  const role = isIdToken ? 'roles/iam.serviceAccountOpenIdTokenCreator' : 'roles/iam.serviceAccountTokenCreator'
  return {
    name: 'The IAM Credentials API',
    unreachable: networkAdvice,
    advice: (status, said) => {
      if (/SERVICE_DISABLED|has not been used|is disabled/i.test(said)) {
        return 'Enable it: gcloud services enable iamcredentials.googleapis.com.'
      }
      if (/quota project/i.test(said)) {
        return (
          'Name one: set GOOGLE_CLOUD_QUOTA_PROJECT, or run ' +
          'gcloud auth application-default set-quota-project PROJECT.'
        )
      }
      if (status === 403) {
        return (
          `Grant ${role} on ${account} to the identity of this server: gcloud iam service-accounts ` +
          `add-iam-policy-binding ${account} --role ${role} --member ${member}. ` +
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
    advice: (status) => {
      if (status === 404) return 'Attach a service account to the machine or the pod; without one there is no identity.'
      return status === 403
        ? 'On GKE, link the service account of the pod to a Google service account: the annotation ' +
            'iam.gke.io/gcp-service-account on the one, roles/iam.workloadIdentityUser on the other.'
        : ''
    },
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

/** Of what went wrong before any request. */
function localReason(error: unknown): string {
  if (memberOf(error, 'code') === 'ERR_INVALID_URL') return 'HTTPS_PROXY or HTTP_PROXY of the environment is not a URL.'
  return error instanceof Error && !(error instanceof TypeError)
    ? `${withoutSecrets(error.message).replace(/\.$/, '')}.`
    : 'the credentials cannot be used as they are.'
}

/** Of a request without an answer. Texts of the transport are not repeated: they hold the whole URL. */
function reasonOf(error: unknown): string {
  const type = memberOf(memberOf(error, 'cause'), 'type')
  if (type === 'no-redirect') return 'a redirect, which is not followed'
  if (type === 'max-size') return 'an answer that is too large'
  const code = memberOf(error, 'code')
  return typeof code === 'string' ? withoutSecrets(code) : 'the connection failed'
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
