import {
  type AuthClient,
  type gaxios,
  Impersonated,
  type ImpersonatedOptions,
  JWT,
  UserRefreshClient,
} from 'google-auth-library'
import type { Credential } from './credential.ts'
import { MetadataServerClient } from './metadata-server-client.ts'
import type { MintPlan } from './mint-plan.ts'
import { WorkloadIdentityClient } from './workload-identity-client.ts'

const cloudPlatform = 'https://www.googleapis.com/auth/cloud-platform'

/**
 * Gets an ID token with the library's credential classes, made for this one token. Loaded on demand, because the
 * library takes a tenth of a second to load and most servers never need it.
 */
export async function exchange(plan: MintPlan, audience: string, transport: gaxios.Gaxios): Promise<string> {
  if (plan.kind === 'own') return await ownClient(plan.credential, transport, []).fetchIdToken(audience)
  const client = impersonating({
    sourceClient: sourceClient(plan.source, transport),
    targetPrincipal: plan.serviceAccount,
    delegates: [...plan.delegates],
    transporter: transport,
  })
  return await client.fetchIdToken(audience, { includeEmail: true })
}

/** Scopes only where an access token is wanted: in the request of an ID token they would end up in the assertion. */
function ownClient(
  credential: Extract<MintPlan, { kind: 'own' }>['credential'],
  transporter: gaxios.Gaxios,
  scopes: string[],
): MetadataServerClient | JWT {
  if (credential.kind === 'metadata-server') return new MetadataServerClient(credential.origin, transporter, scopes)
  return new JWT({
    email: credential.email,
    key: credential.privateKey,
    ...(scopes.length === 0 ? {} : { scopes }),
    ...quotaOf(credential),
    transporter,
    useAuthRequestParameters: false,
  })
}

/** A client whose access token may call the IAM Credentials API. */
function sourceClient(credential: Credential, transporter: gaxios.Gaxios): AuthClient {
  switch (credential.kind) {
    case 'metadata-server':
    case 'service-account-key':
      return ownClient(credential, transporter, [cloudPlatform])
    case 'user':
      return new UserRefreshClient({
        clientId: credential.clientId,
        clientSecret: credential.clientSecret,
        refreshToken: credential.refreshToken,
        ...quotaOf(credential),
        transporter,
        useAuthRequestParameters: false,
      })
    case 'workload-identity':
      return new WorkloadIdentityClient(credential, transporter, [cloudPlatform])
    case 'impersonated-account':
      return impersonating({
        sourceClient: sourceClient(credential.source, transporter),
        targetPrincipal: credential.serviceAccount,
        delegates: [...credential.delegates],
        targetScopes: [cloudPlatform],
        transporter,
      })
  }
}

/** Its constructor warns on the console that files must be checked, each time; ours are, in `parseCredential`. */
function impersonating(options: ImpersonatedOptions): Impersonated {
  const { warn } = console
  console.warn = () => {}
  try {
    return new Impersonated({ ...options, useAuthRequestParameters: false })
  } finally {
    console.warn = warn
  }
}

function quotaOf(credential: { readonly quotaProject: string | undefined }): { quotaProjectId?: string } {
  return credential.quotaProject === undefined ? {} : { quotaProjectId: credential.quotaProject }
}
