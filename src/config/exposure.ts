import { ConfigExposed } from '../errors/config.ts'
import { isLoopbackAddress } from './address-types.ts'
import type { AdminAuthConfig, Config } from './config.ts'
import { environmentName } from './key.ts'
import { requiresClientCertificate } from './listener-tls.ts'

/** The servers that nobody beyond this machine may reach unasked. */
export type GuardedServer = 'admin' | 'fabric'

export function asksForTokens({ tokens, tokensFile }: AdminAuthConfig): boolean {
  return tokensFile !== undefined || Object.keys(tokens).length > 0
}

/** Ways in which a server knows who is there; each is enough. */
const WAYS_TO_KNOW: readonly ((config: Config, server: GuardedServer) => boolean)[] = [
  (config, server) => server === 'admin' && asksForTokens(config.admin.auth),
  (config, server) => requiresClientCertificate(config[server]),
]

export function knowsItsCallers(config: Config, server: GuardedServer): boolean {
  return WAYS_TO_KNOW.some((knows) => knows(config, server))
}

/** Whether the operator has said by name that everybody may come in. */
export function isOpenByName(config: Config, server: GuardedServer): boolean {
  return server === 'admin' ? config.admin.auth.allowUnauthenticated : config.fabric.allowUnauthenticated
}

/** The TCP address beyond this machine that a server is configured to listen on. */
export function exposedAddress(config: Config, server: GuardedServer): string | undefined {
  const { listenMode, bindIp } = config[server]
  return listenMode === 'unix' || isLoopbackAddress(bindIp) ? undefined : bindIp
}

/** Throws `ConfigExposed` when admin or fabric would listen beyond this machine and let everybody in without being told to. */
export function refuseExposure(config: Config): void {
  const problems = (['admin', 'fabric'] as const).flatMap((server) => {
    const ip = exposedAddress(config, server)
    return ip === undefined ? [] : exposureProblems(config, server, [ip])
  })
  if (problems.length > 0) throw new ConfigExposed(problems.join('\n'))
}

/** The same for addresses that a server is bound to, whoever bound them. */
export function refuseExposedAddresses(config: Config, server: GuardedServer, ips: readonly string[]): void {
  const [problem] = exposureProblems(config, server, ips)
  if (problem !== undefined) throw new ConfigExposed(problem)
}

function exposureProblems(config: Config, server: GuardedServer, ips: readonly string[]): readonly string[] {
  const exposed = ips.find((ip) => !isLoopbackAddress(ip))
  if (exposed === undefined || isOpenByName(config, server) || knowsItsCallers(config, server)) return []
  const table = server === 'admin' ? 'admin.' : ''
  const allow = server === 'admin' ? 'admin.allow-unauthenticated' : 'fabric-allow-unauthenticated'
  const waysOut = [
    `listen on this machine alone (${table}bind-ip = "127.0.0.1", or ${table}listen-mode = "unix")`,
    ...(server === 'admin'
      ? [
          'ask for tokens (admin.tokens or admin.tokens-file; perdure admin-token makes one)',
          'ask for client certificates (admin.tls.client-ca-file)',
        ]
      : []),
    `or, where only a trusted network leads to it, say so: ${allow} = true (${environmentName(allow)}=true)`,
  ]
  return [
    `${server} would listen on ${exposed}, beyond this machine, and ask nobody who he is. Ways out: ${waysOut.join('; ')}`,
  ]
}
