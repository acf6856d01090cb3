/** What the metadata server of Compute Engine, GKE or Cloud Run hands out: the identity of the machine or pod. */
export interface MetadataServer {
  readonly kind: 'metadata-server'
  /** `http://169.254.169.254`, unless the environment names another. */
  readonly origin: string
}

export interface ServiceAccountKey {
  readonly kind: 'service-account-key'
  readonly email: string
  readonly privateKey: string
  readonly quotaProject: string | undefined
}

/** `gcloud auth application-default login`. */
export interface UserCredential {
  readonly kind: 'user'
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
  readonly quotaProject: string | undefined
}

/** Workload Identity Federation: a token of another provider is exchanged for one of Google's. */
export interface WorkloadIdentity {
  readonly kind: 'workload-identity'
  /** The audience of the exchange: the provider's resource name. */
  readonly audience: string
  readonly subjectTokenType: string
  readonly tokenUrl: string
  readonly subjectToken: SubjectTokenSource
  /** The account whose access tokens the file asks for, where it names one. */
  readonly serviceAccount: string | undefined
  readonly clientId: string | undefined
  readonly clientSecret: string | undefined
  readonly workforceProject: string | undefined
  readonly quotaProject: string | undefined
}

export interface SubjectTokenSource {
  readonly at: { readonly file: string } | { readonly url: string; readonly headers: Readonly<Record<string, string>> }
  /** Where in a JSON document the token is; `undefined`: it is the whole text. */
  readonly jsonField: string | undefined
}

/** A file that names an account to impersonate, as `gcloud auth application-default login --impersonate…` writes it. */
export interface ImpersonatedAccount {
  readonly kind: 'impersonated-account'
  readonly serviceAccount: string
  readonly delegates: readonly string[]
  readonly source: SourceCredential
}

/** What can be the first identity of an impersonation. */
export type SourceCredential = MetadataServer | ServiceAccountKey | UserCredential | WorkloadIdentity

export type Credential = SourceCredential | ImpersonatedAccount

/** The identity as far as it is known without asking anybody. */
export function identityOf(credential: Credential): string | undefined {
  switch (credential.kind) {
    case 'service-account-key':
      return credential.email
    case 'impersonated-account':
      return credential.serviceAccount
    case 'workload-identity':
      return credential.serviceAccount ?? credential.audience
    case 'metadata-server':
    case 'user':
      return undefined
  }
}

const kindNames = {
  'metadata-server': 'metadata server',
  'service-account-key': 'service account key',
  user: 'user credentials',
  'workload-identity': 'Workload Identity Federation',
  'impersonated-account': 'impersonated service account',
} satisfies Record<Credential['kind'], string>

export function kindName(credential: Credential): string {
  return kindNames[credential.kind]
}
