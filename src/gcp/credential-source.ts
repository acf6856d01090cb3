import { join } from 'node:path'
import { GcpCredentialsUnusable } from '../errors/gcp.ts'
import type { Credential } from './credential.ts'
import { readCredentialFile } from './credential-file.ts'
import { parseCredential } from './parse-credential.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Credentials, and why just these. */
export interface FoundCredential {
  readonly credential: Credential
  readonly from: 'environment' | 'well-known-file' | 'metadata-server'
  /** `undefined` for the metadata server. */
  readonly path: string | undefined
  /** One sentence for operators. */
  readonly because: string
}

const defaultMetadataHost = '169.254.169.254'
const pathVariable = 'GOOGLE_APPLICATION_CREDENTIALS'

/**
 * The credentials of this server, in the order of Application Default Credentials: the file that the environment names,
 * gcloud's own file, the metadata server. Files are read anew each time, so that a replaced one counts from the next
 * token on. The metadata server is not probed: it is what is left. Rejects with `GcpCredentialsUnusable`.
 */
export async function findCredential(env: Environment): Promise<FoundCredential> {
  const named = env[pathVariable]
  if (named !== undefined && named !== '') {
    const text = await readCredentialFile(named)
    if (text === undefined) {
      throw new GcpCredentialsUnusable(
        `${pathVariable} names ${named}, which does not exist. Put the file there, or unset the variable to use ` +
          "gcloud's own file or the metadata server.",
      )
    }
    return {
      credential: withQuotaProject(parseCredential(named, text), env),
      from: 'environment',
      path: named,
      because: `${pathVariable} names it`,
    }
  }
  const wellKnown = wellKnownFile(env)
  const text = wellKnown === undefined ? undefined : await readCredentialFile(wellKnown)
  if (wellKnown !== undefined && text !== undefined) {
    return {
      credential: withQuotaProject(parseCredential(wellKnown, text), env),
      from: 'well-known-file',
      path: wellKnown,
      because: `${pathVariable} is not set, and gcloud has left this file`,
    }
  }
  return {
    credential: { kind: 'metadata-server', origin: metadataOrigin(env) },
    from: 'metadata-server',
    path: undefined,
    because: `${pathVariable} is not set, and there is no file ${wellKnown ?? 'of gcloud, because HOME is not set'}`,
  }
}

/** The project that requests count for; the environment's goes before the file's. */
function withQuotaProject(credential: Credential, env: Environment): Credential {
  const quotaProject = env.GOOGLE_CLOUD_QUOTA_PROJECT
  if (!quotaProject || credential.kind === 'metadata-server') return credential
  if (credential.kind !== 'impersonated-account') return { ...credential, quotaProject }
  const { source } = credential
  return source.kind === 'metadata-server' ? credential : { ...credential, source: { ...source, quotaProject } }
}

/** Where `gcloud auth application-default login` leaves its file. */
function wellKnownFile(env: Environment): string | undefined {
  const directory =
    env.CLOUDSDK_CONFIG ||
    (process.platform === 'win32'
      ? env.APPDATA && join(env.APPDATA, 'gcloud')
      : env.HOME && join(env.HOME, '.config', 'gcloud'))
  return directory ? join(directory, 'application_default_credentials.json') : undefined
}

/** As Google's own libraries read it: the address before the host, with or without a scheme. */
function metadataOrigin(env: Environment): string {
  const host = env.GCE_METADATA_IP || env.GCE_METADATA_HOST || defaultMetadataHost
  const url = URL.parse(/^https?:\/\//.test(host) ? host : `http://${host}`)
  if (url === null || url.pathname !== '/' || url.search !== '' || url.username !== '') {
    throw new GcpCredentialsUnusable('GCE_METADATA_IP or GCE_METADATA_HOST is not a host, or a host and a port.')
  }
  return url.origin
}
