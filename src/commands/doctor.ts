import { parseArgs } from 'node:util'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load-config.ts'
import { ConfigCommandLine } from '../errors/config.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import { type DiscoveryOutcome, type DoctorRequest, diagnose } from '../gcp/doctor.ts'
import { renderDiagnosis } from '../gcp/doctor-report.ts'
import type { MintOptions } from '../gcp/mint-id-token.ts'
import { DefaultEgressPolicy } from '../invoker/egress/default-egress-policy.ts'
import { RequestIdentity } from '../invoker/request-identity.ts'
import { deploymentAuth } from '../registry/deployment-auth.ts'
import { parseDeploymentUri } from '../registry/deployment-uri.ts'
import { discover } from '../registry/discover.ts'

export const doctorUsage = `Usage: perdure doctor gcp <url> [--impersonate <e-mail>] [--audience <audience>]
       perdure doctor security [--json]     what of the configuration is open; see perdure doctor security --help

Looks at the way to a private Cloud Run service, as this machine would go it: which Google credentials are found and why,
whose they are, whom the token is for, whether one can be minted, and whether the service accepts it. Registers nothing.

      --impersonate <e-mail>
      The service account to impersonate (restate deployments register --gcp-impersonate-service-account).
      --audience <audience>
      Whom the token is for; derived from the URL by default (--gcp-audience).
  -c, --config-file <path>
      The configuration of the server, for its request identity and headers. [RESTATE_CONFIG]
  -h, --help
`

/** What a doctor's command works with; the process's own by default. */
export interface DoctorSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly write: (text: string) => void
  readonly mint?: Omit<MintOptions, 'env'>
}

/**
 * `perdure doctor …`, the arguments behind `doctor`. Resolves to whether all is well. Rejects with `ConfigCommandLine` for
 * arguments that cannot be understood, and as `loadConfig` does.
 */
export async function doctorCommand(argv: readonly string[], surroundings: DoctorSurroundings): Promise<boolean> {
  const { env, cwd, write, mint } = surroundings
  if (argv[0] === 'security') {
    const { doctorSecurityCommand } = await import('./doctor-security.ts')
    return doctorSecurityCommand(argv.slice(1), { env, cwd, write })
  }
  const asked = readArguments(argv)
  if (asked === undefined) {
    write(doctorUsage)
    return true
  }
  const { request, configFile } = asked
  const loaded = loadConfig({ argv: configFile === undefined ? [] : ['--config-file', configFile], env, cwd })
  if (!('config' in loaded)) throw new Error('invariant: without flags there is a configuration')
  const { config } = loaded
  const diagnosis = await diagnose(request, (token) => discoverWith(token, request, config), { ...mint, env })
  write(renderDiagnosis(diagnosis))
  return diagnosis.healthy
}

interface Asked {
  readonly request: DoctorRequest
  readonly configFile: string | undefined
}

/** `undefined` if help is wanted. */
function readArguments(argv: readonly string[]): Asked | undefined {
  const { values, positionals } = parse(argv)
  if (values.help === true) return undefined
  const [subject, url, ...more] = positionals
  if (subject !== 'gcp' || url === undefined || more.length > 0) {
    throw new ConfigCommandLine(
      'write perdure doctor gcp <url> or perdure doctor security; perdure doctor --help tells more',
    )
  }
  const { impersonate, audience } = values
  return {
    request: {
      url,
      ...(audience === undefined ? {} : { audience }),
      ...(impersonate === undefined ? {} : { impersonateServiceAccount: impersonate }),
    },
    configFile: values['config-file'],
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        impersonate: { type: 'string' },
        audience: { type: 'string' },
        'config-file': { type: 'string', short: 'c' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new ConfigCommandLine(error instanceof Error ? error.message : String(error))
  }
}

/** Discovery as the server does it, with this token. */
async function discoverWith(token: string, request: DoctorRequest, config: Config): Promise<DiscoveryOutcome> {
  const { additionalRequestHeaders, requestIdentityPrivateKeyPemFile, requestIdentityExpirationMs } =
    config.worker.invoker
  try {
    const identity =
      requestIdentityPrivateKeyPemFile === undefined
        ? undefined
        : new RequestIdentity({
            file: requestIdentityPrivateKeyPemFile,
            expirationMs: requestIdentityExpirationMs,
            now: Date.now,
          })
    const { manifest } = await discover(
      {
        url: parseDeploymentUri(request.url),
        useHttp11: false,
        additionalHeaders: [],
        auth: deploymentAuth(request.url, { kind: 'google-id-token', ...request }),
      },
      {
        dialer: { egress: new DefaultEgressPolicy({ rules: config.egress }) },
        clusterName: config.clusterName,
        requestHeaders: Object.entries(additionalRequestHeaders),
        idTokens: { forDiscovery: async () => token },
        ...(identity === undefined ? {} : { sign: (path: string) => identity.sign(path, undefined) }),
      },
    )
    return { kind: 'manifest', services: manifest.services.map(({ name }) => name) }
  } catch (error) {
    if (error instanceof PerdureError) return { kind: 'error', message: error.message }
    throw error
  }
}
