import { GcpAmbientUnsupported } from '../errors/gcp.ts'
import {
  type Credential,
  type ImpersonatedAccount,
  kindName,
  type MetadataServer,
  type ServiceAccountKey,
  type SourceCredential,
} from './credential.ts'

/** How a token is come by. */
export type MintPlan =
  | { readonly kind: 'own'; readonly credential: MetadataServer | ServiceAccountKey }
  | {
      readonly kind: 'impersonate'
      readonly source: SourceCredential | ImpersonatedAccount
      readonly serviceAccount: string
      readonly delegates: readonly string[]
    }

/**
 * What to do with these credentials, decided before any traffic. Throws `GcpAmbientUnsupported` for the kinds that
 * have no ID token of their own.
 */
export function planMint(credential: Credential, impersonate: string | undefined): MintPlan {
  switch (credential.kind) {
    case 'metadata-server':
    case 'service-account-key':
      if (impersonate === undefined) return { kind: 'own', credential }
      return { kind: 'impersonate', source: credential, serviceAccount: impersonate, delegates: [] }
    case 'impersonated-account':
      // The file's own account needs no second impersonation, which would ask for a role on itself.
      if (impersonate === undefined || impersonate === credential.serviceAccount) {
        const { source, serviceAccount, delegates } = credential
        return { kind: 'impersonate', source, serviceAccount, delegates }
      }
      return { kind: 'impersonate', source: credential, serviceAccount: impersonate, delegates: [] }
    case 'workload-identity': {
      if (impersonate === undefined) throw unsupported(credential, credential.serviceAccount)
      const source =
        impersonate === credential.serviceAccount ? { ...credential, serviceAccount: undefined } : credential
      return { kind: 'impersonate', source, serviceAccount: impersonate, delegates: [] }
    }
    case 'user':
      if (impersonate === undefined) throw unsupported(credential, undefined)
      return { kind: 'impersonate', source: credential, serviceAccount: impersonate, delegates: [] }
  }
}

function unsupported(credential: Credential, account: string | undefined): Error {
  return new GcpAmbientUnsupported(
    `the credentials of this server (${kindName(credential)}) cannot mint an ID token by themselves. Name a service ` +
      `account to impersonate (auth.impersonate_service_account; in the CLI, --gcp-impersonate-service-account ` +
      `${account ?? 'NAME@PROJECT.iam.gserviceaccount.com'}), or give the server a service account key or a metadata server.`,
  )
}
