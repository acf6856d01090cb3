import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { rsaKeyPair } from './jwt.ts'

export const keyAccount = 'keyed@proj.iam.gserviceaccount.com'
export const targetAccount = 'target@proj.iam.gserviceaccount.com'
export const accountKey = rsaKeyPair('account-1')

type Json = Record<string, unknown>

export function serviceAccountFile(more: Json = {}): Json {
  return {
    type: 'service_account',
    project_id: 'proj',
    private_key_id: accountKey.kid,
    private_key: accountKey.pem,
    client_email: keyAccount,
    client_id: '1',
    token_uri: 'https://oauth2.googleapis.com/token',
    ...more,
  }
}

export function userFile(more: Json = {}): Json {
  return {
    type: 'authorized_user',
    client_id: 'client.apps.googleusercontent.com',
    client_secret: 'GOCSPX-user-secret',
    refresh_token: '1//refresh-token-of-a-user',
    quota_project_id: 'billing-proj',
    ...more,
  }
}

/** Of Workload Identity Federation. */
export function externalFile(credentialSource: Json, more: Json = {}): Json {
  return {
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: 'https://sts.googleapis.com/v1/token',
    credential_source: credentialSource,
    ...more,
  }
}

export function accessTokenUrl(account: string): string {
  return `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${account}:generateAccessToken`
}

export function impersonatedFile(source: Json, account: string, more: Json = {}): Json {
  return {
    type: 'impersonated_service_account',
    service_account_impersonation_url: accessTokenUrl(account),
    source_credentials: source,
    ...more,
  }
}

/** Writes a file that the environment returned names as the credentials. */
export function credentialsEnv(t: Test, content: Json | string): { GOOGLE_APPLICATION_CREDENTIALS: string } {
  const path = join(scratch(t), 'credentials.json')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return { GOOGLE_APPLICATION_CREDENTIALS: path }
}

/** Writes a file where gcloud leaves its own; the environment has only HOME. */
export function gcloudEnv(t: Test, content: Json): { HOME: string } {
  const home = scratch(t)
  mkdirSync(join(home, '.config/gcloud'), { recursive: true })
  writeFileSync(join(home, '.config/gcloud/application_default_credentials.json'), JSON.stringify(content))
  return { HOME: home }
}

/** A directory of its own at each call, gone when the test ends. */
export function scratch(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'gcp-credentials-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
