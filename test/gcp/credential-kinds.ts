import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import {
  accessTokenUrl,
  credentialsEnv,
  externalFile,
  impersonatedFile,
  keyAccount,
  scratch,
  serviceAccountFile,
  targetAccount,
  userFile,
} from './credential-files.ts'
import { type GoogleFakes, machineAccount } from './google-fakes.ts'

const other = 'other@proj.iam.gserviceaccount.com'
const identity = 'metadata/default/identity'
const machineToken = 'metadata/default/token'
const oauth = 'oauth2.googleapis.com/token'
const sts = 'sts.googleapis.com/v1/token'
const iam = (account: string, method: string) =>
  `iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${account}:${method}`
export const idTokenOf = (account: string) => iam(account, 'generateIdToken')
const accessTokenOf = (account: string) => iam(account, 'generateAccessToken')

export function subjectTokenFile(t: Test, text = 'subject-token-of-elsewhere'): string {
  const path = join(scratch(t), 'subject-token')
  writeFileSync(path, text)
  return path
}

/** One kind of credentials, and what it takes to mint with it. */
export interface CredentialKind {
  readonly name: string
  readonly env: (t: Test, fakes: GoogleFakes) => Record<string, string>
  /** The requests of an ambient mint; `undefined` if it is refused. */
  readonly ambient: { readonly trace: string[]; readonly email: string } | undefined
  /** Those before `generateIdToken` for the target. */
  readonly impersonated: string[]
}

/** The rows of the table in docs/cloud-run.md, and the variants that take another way. */
export const credentialKinds: readonly CredentialKind[] = [
  {
    name: 'metadata server',
    env: (_t, fakes) => fakes.env,
    ambient: { trace: [identity], email: machineAccount },
    impersonated: [machineToken],
  },
  {
    name: 'service account key',
    env: (t) => credentialsEnv(t, serviceAccountFile()),
    ambient: { trace: [oauth], email: keyAccount },
    impersonated: [oauth],
  },
  {
    name: 'federation, token from a file',
    env: (t) => credentialsEnv(t, externalFile({ file: subjectTokenFile(t) })),
    ambient: undefined,
    impersonated: [sts],
  },
  {
    name: 'federation, token from a URL',
    env: (t) =>
      credentialsEnv(
        t,
        externalFile({
          url: 'https://elsewhere.example/subject.json',
          headers: { 'x-caller': 'perdure' },
          format: { type: 'json', subject_token_field_name: 'the_token' },
        }),
      ),
    ambient: undefined,
    impersonated: ['elsewhere.example/subject.json', sts],
  },
  {
    name: 'federation with an account of its own',
    env: (t) =>
      credentialsEnv(
        t,
        externalFile({ file: subjectTokenFile(t) }, { service_account_impersonation_url: accessTokenUrl(other) }),
      ),
    ambient: undefined,
    impersonated: [sts, accessTokenOf(other)],
  },
  {
    name: 'federation with the target as its account',
    env: (t) =>
      credentialsEnv(
        t,
        externalFile(
          { file: subjectTokenFile(t) },
          { service_account_impersonation_url: accessTokenUrl(targetAccount) },
        ),
      ),
    ambient: undefined,
    impersonated: [sts],
  },
  {
    name: 'user credentials',
    env: (t) => credentialsEnv(t, userFile()),
    ambient: undefined,
    impersonated: [oauth],
  },
  {
    name: 'impersonated account, by a user',
    env: (t) => credentialsEnv(t, impersonatedFile(userFile(), other)),
    ambient: { trace: [oauth, idTokenOf(other)], email: other },
    impersonated: [oauth, accessTokenOf(other)],
  },
  {
    name: 'impersonated account, by a key, the same as the target',
    env: (t) => credentialsEnv(t, impersonatedFile(serviceAccountFile(), targetAccount)),
    ambient: { trace: [oauth, idTokenOf(targetAccount)], email: targetAccount },
    impersonated: [oauth],
  },
]
