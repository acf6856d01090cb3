import { createPrivateKey } from 'node:crypto'
import { isServiceAccount } from './auth.ts'
import type { Credential, ServiceAccountKey, SourceCredential, UserCredential } from './credential.ts'
import { isGoogleApi } from './google-host.ts'
import { JsonObject } from './json-object.ts'
import { parseExternalAccount } from './parse-external-account.ts'

const impersonationPath = /^\/v1\/projects\/-\/serviceAccounts\/([^/:]+):generateAccessToken$/
const delegateName = /^(?:projects\/-\/serviceAccounts\/)?([^/]+)$/

/**
 * What a credential file is, decided by us before a library sees it: unknown types, commands to run and hosts that are
 * not Google's are refused here. Throws `GcpCredentialsUnusable`, without any secret in the text.
 */
export function parseCredential(at: string, text: string): Credential {
  const file = JsonObject.parse(at, text)
  if (file.text('type') !== 'impersonated_service_account') return parseSource(file)
  const source = file.object('source_credentials')
  if (source.text('type') === 'impersonated_service_account') {
    throw source.unusable('is an impersonation itself; name the accounts in between in delegates')
  }
  const delegates = file.texts('delegates').map((delegate) => {
    const account = delegateName.exec(delegate)?.[1] ?? ''
    if (!isServiceAccount(account)) throw file.unusable('names a delegate that is not a service account')
    // gcloud writes addresses, the API wants resource names.
    return `projects/-/serviceAccounts/${account}`
  })
  checkUniverse(file)
  return {
    kind: 'impersonated-account',
    serviceAccount: impersonationTarget(file, file.text('service_account_impersonation_url')),
    delegates,
    source: parseSource(source),
  }
}

function parseSource(file: JsonObject): SourceCredential {
  checkUniverse(file)
  const type = file.text('type')
  switch (type) {
    case 'service_account':
      return parseKey(file)
    case 'authorized_user':
      return parseUser(file)
    case 'external_account':
      return parseExternalAccount(file, impersonationTarget)
    default:
      throw file.unusable(
        `has the type ${/^[a-z_]{1,50}$/.test(type) ? `"${type}"` : 'of another program'}, which is not supported. Supported are service_account, ` +
          'external_account (file or URL sourced), authorized_user and impersonated_service_account',
      )
  }
}

function parseKey(file: JsonObject): ServiceAccountKey {
  const email = file.text('client_email')
  if (!isServiceAccount(email)) throw file.unusable('has a client_email that is not that of a service account')
  const privateKey = file.text('private_key')
  if (!isRsaKey(privateKey)) throw file.unusable('has a private_key that is not an RSA key in PEM form')
  return { kind: 'service-account-key', email, privateKey, quotaProject: file.optionalText('quota_project_id') }
}

function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa'
  } catch {
    return false
  }
}

function parseUser(file: JsonObject): UserCredential {
  return {
    kind: 'user',
    clientId: file.text('client_id'),
    clientSecret: file.text('client_secret'),
    refreshToken: file.text('refresh_token'),
    quotaProject: file.optionalText('quota_project_id'),
  }
}

/** The account in the URL of a file; the library would send an access token to whatever URL stands there. */
function impersonationTarget(file: JsonObject, text: string): string {
  const url = URL.parse(text)
  const email = url !== null && isGoogleApi(url) ? impersonationPath.exec(url.pathname)?.[1] : undefined
  if (email === undefined || !isServiceAccount(email)) {
    throw file.unusable(
      'has a service_account_impersonation_url that is not ' +
        'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/<e-mail>:generateAccessToken',
    )
  }
  return email
}

function checkUniverse(file: JsonObject): void {
  const universe = file.optionalText('universe_domain')
  if (universe !== undefined && universe !== 'googleapis.com') {
    throw file.unusable('is for another universe_domain than googleapis.com, which is the only one supported')
  }
}
