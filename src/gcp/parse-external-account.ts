import { validateHeaderName, validateHeaderValue } from '../platform/node-http.ts'
import type { SubjectTokenSource, WorkloadIdentity } from './credential.ts'
import { isGoogleApi, isSubjectTokenUrl } from './google-host.ts'
import type { JsonObject } from './json-object.ts'

const googleTokenUrl = 'https://sts.googleapis.com/v1/token'

/** A file of type `external_account`. `serviceAccountOf` reads the account out of an impersonation URL. */
export function parseExternalAccount(
  file: JsonObject,
  serviceAccountOf: (file: JsonObject, url: string) => string,
): WorkloadIdentity {
  const tokenUrl = file.optionalText('token_url') ?? googleTokenUrl
  const parsedTokenUrl = URL.parse(tokenUrl)
  if (parsedTokenUrl === null || !isGoogleApi(parsedTokenUrl)) {
    throw file.unusable(`has a token_url that is not Google's; it is ${googleTokenUrl} or a regional host of it`)
  }
  const impersonationUrl = file.optionalText('service_account_impersonation_url')
  return {
    kind: 'workload-identity',
    audience: file.text('audience'),
    subjectTokenType: file.text('subject_token_type'),
    tokenUrl,
    subjectToken: parseSubjectToken(file.object('credential_source')),
    serviceAccount: impersonationUrl === undefined ? undefined : serviceAccountOf(file, impersonationUrl),
    clientId: file.optionalText('client_id'),
    clientSecret: file.optionalText('client_secret'),
    workforceProject: file.optionalText('workforce_pool_user_project'),
    quotaProject: file.optionalText('quota_project_id'),
  }
}

function parseSubjectToken(source: JsonObject): SubjectTokenSource {
  for (const [field, what] of [
    ['executable', 'runs a command, which this server does not do'],
    ['environment_id', 'is for AWS, which is not supported'],
    ['certificate', 'uses a client certificate, which is not supported'],
  ] as const) {
    if (source.has(field)) throw source.unusable(`${what}. Supported are tokens from a file or a URL`)
  }
  if (source.has('file') === source.has('url')) throw source.unusable('needs either a file or a url')
  const jsonField = parseFormat(source)
  if (source.has('file')) return { at: { file: source.text('file') }, jsonField }
  const url = source.text('url')
  const parsed = URL.parse(url)
  if (parsed === null || !isSubjectTokenUrl(parsed)) {
    throw source.unusable(
      'has a url that is neither https:// nor on this machine or its private network, or that holds a password',
    )
  }
  return { at: { url, headers: parseHeaders(source) }, jsonField }
}

/** Checked here, because the text of a later error would quote the value. */
function parseHeaders(source: JsonObject): Record<string, string> {
  const headers = source.textMap('headers')
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    } catch {
      throw source.unusable('has a field headers with a name or a value that cannot be a header')
    }
  }
  return headers
}

function parseFormat(source: JsonObject): string | undefined {
  if (!source.has('format')) return undefined
  const format = source.object('format')
  const type = format.optionalText('type') ?? 'text'
  if (type === 'text') return undefined
  if (type === 'json') return format.text('subject_token_field_name')
  throw format.unusable('has a type that is neither text nor json')
}
