import { type gaxios, IdentityPoolClient } from 'google-auth-library'
import type { WorkloadIdentity } from './credential.ts'
import { subjectTokenOf } from './subject-token.ts'

/** The library's client of Workload Identity Federation, for a file that has been checked. */
export class WorkloadIdentityClient extends IdentityPoolClient {
  constructor(credential: WorkloadIdentity, transporter: gaxios.Gaxios, scopes: string[]) {
    const { subjectToken, serviceAccount } = credential
    super({
      type: 'external_account',
      audience: credential.audience,
      subject_token_type: credential.subjectTokenType,
      token_url: credential.tokenUrl,
      subject_token_supplier: { getSubjectToken: () => subjectTokenOf(subjectToken, transporter) },
      ...(serviceAccount === undefined ? {} : { service_account_impersonation_url: accessTokenUrl(serviceAccount) }),
      ...(credential.clientId === undefined ? {} : { client_id: credential.clientId }),
      ...(credential.clientSecret === undefined ? {} : { client_secret: credential.clientSecret }),
      ...(credential.workforceProject === undefined
        ? {}
        : { workforce_pool_user_project: credential.workforceProject }),
      ...(credential.quotaProject === undefined ? {} : { quota_project_id: credential.quotaProject }),
      scopes,
      transporter,
      useAuthRequestParameters: false,
    })
    // The token exchange would use a transport of its own, which knows no abort and no allowed hosts.
    Object.assign(this.stsCredential, { transporter })
  }
}

function accessTokenUrl(serviceAccount: string): string {
  return `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${serviceAccount}:generateAccessToken`
}
