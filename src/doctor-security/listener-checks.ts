import { dirname } from 'node:path'
import { isLoopbackAddress } from '../config/address-types.ts'
import type { Config, IngressAuthConfig, ListenerConfig } from '../config/config.ts'
import { asksForTokens } from '../config/exposure.ts'
import { requiresClientCertificate } from '../config/listener-tls.ts'
import { advice, type Finding, ok, open, type SecurityCheck, type SecurityFacts } from './security-check.ts'

/** Who can reach the three servers, and whether they are asked who they are. */
export const listenerChecks: readonly SecurityCheck[] = [
  { name: 'ingress-authentication', look: ({ config }) => ingressAuthentication(config) },
  { name: 'ingress-tls', look: ({ config }) => tlsOf('ingress', config.ingress) },
  { name: 'admin-exposure', look: ({ config }) => adminExposure(config) },
  { name: 'admin-tls', look: ({ config }) => tlsOf('admin', config.admin) },
  { name: 'admin-tokens', look: ({ config, fileProblem }) => adminTokens(config, fileProblem) },
  { name: 'fabric-exposure', look: ({ config }) => fabricExposure(config) },
  { name: 'trusted-keys', look: trustedKeys },
  { name: 'unix-sockets', look: unixSockets },
  { name: 'tls-keys', look: ({ config, fileProblem }) => tlsKeys(config, fileProblem) },
]

function isExposed({ listenMode, bindIp }: ListenerConfig): boolean {
  return listenMode !== 'unix' && !isLoopbackAddress(bindIp)
}

/** Where a server that is not exposed is reached. */
function nearby({ listenMode }: ListenerConfig): string {
  return listenMode === 'unix' ? 'it listens on a Unix socket alone' : 'it listens on this machine alone'
}

function asksCallers({ apiKeys, apiKeysFile, jwt }: IngressAuthConfig): boolean {
  const hasJwt = jwt.issuer !== undefined || jwt.profile !== 'generic'
  return Object.keys(apiKeys).length > 0 || apiKeysFile !== undefined || hasJwt
}

function ingressAuthentication({ ingress }: Config): Finding {
  if (asksCallers(ingress.auth)) return ok('callers show an API key or a token')
  if (requiresClientCertificate(ingress)) return ok('callers show a client certificate')
  if (!isExposed(ingress)) return ok(`${nearby(ingress)}; who calls is for the reverse proxy before it to find out`)
  return open(
    `ingress listens on ${ingress.bindIp} and asks nobody who calls: set ingress.auth or ingress.tls.client-ca-file, ` +
      'or ingress.bind-ip = "127.0.0.1" with a reverse proxy before it',
  )
}

function tlsOf(server: 'ingress' | 'admin', listener: ListenerConfig): Finding {
  if (!isExposed(listener)) return ok(nearby(listener))
  if (listener.tls !== undefined) return ok('connections are encrypted')
  return advice(
    `${server} listens on ${listener.bindIp} without TLS: unless something before it ends TLS, set ` +
      `${server}.tls.cert-file and ${server}.tls.key-file`,
  )
}

function adminExposure({ admin }: Config): Finding {
  if (!isExposed(admin)) return ok(nearby(admin))
  const where = `admin listens on ${admin.bindIp}, beyond this machine`
  if (asksForTokens(admin.auth) || requiresClientCertificate(admin)) {
    return advice(`${where}, and asks who is there; a Unix socket or a tunnel to loopback is safer still`)
  }
  return open(
    `${where}, and asks nobody: whoever reaches it controls the server. Set admin.bind-ip = "127.0.0.1" or ` +
      'admin.listen-mode = "unix", or admin.tokens-file',
  )
}

function adminTokens({ admin }: Config, fileProblem: (file: string) => string | undefined): Finding {
  const { tokensFile } = admin.auth
  const problem = tokensFile === undefined ? undefined : fileProblem(tokensFile)
  if (problem !== undefined) return open(`admin.tokens-file: ${problem}`)
  if (asksForTokens(admin.auth)) return ok('admin asks for tokens')
  if (admin.listenMode === 'unix') return ok('only who may open the socket file reaches admin')
  if (requiresClientCertificate(admin)) return ok('admin asks for client certificates')
  return advice(
    'every user and program of this machine may use admin over TCP: set admin.tokens-file, or admin.listen-mode = "unix"',
  )
}

function fabricExposure({ fabric, disablePrometheus }: Config): Finding {
  if (!isExposed(fabric)) return ok(nearby(fabric))
  if (disablePrometheus) return ok(`fabric listens on ${fabric.bindIp}, and shows health alone`)
  return open(
    `fabric listens on ${fabric.bindIp}: whoever reaches it sees metrics, with the names of services. Set bind-ip = ` +
      '"127.0.0.1", or let only the collector of metrics reach it',
  )
}

/** Files that say who may come in. They are no secrets. */
function trustedKeys({ config: { ingress, admin }, changeProblem }: SecurityFacts): Finding {
  const files = [
    ['ingress.auth.api-keys-file', ingress.auth.apiKeysFile],
    ['ingress.auth.jwt.jwks-file', ingress.auth.jwt.jwksFile],
    ['ingress.tls.client-ca-file', ingress.tls?.clientCaFile],
    ['admin.tls.client-ca-file', admin.tls?.clientCaFile],
  ] as const
  for (const [key, file] of files) {
    const problem = file === undefined ? undefined : changeProblem(file)
    if (problem !== undefined) return open(`${key}: ${problem}`)
  }
  const isNone = files.every(([, file]) => file === undefined)
  return ok(isNone ? 'none in files' : 'no other user can change who may come in')
}

function unixSockets({ config, directoryProblem }: SecurityFacts): Finding {
  const servers = (['ingress', 'admin', 'fabric'] as const).filter((server) => config[server].listenMode !== 'tcp')
  for (const server of servers) {
    const problem = directoryProblem(dirname(config[server].unixSocketPath))
    if (problem !== undefined)
      return open(`what answers on the socket of ${server} could be another program: ${problem}`)
  }
  const [forAll] = servers.filter((server) => (config[server].unixSocketMode & 0o007) !== 0)
  if (forAll !== undefined) {
    const finding = `every user of this machine may connect to the socket of ${forAll}: set its unix-socket-mode = "0600", or "0660" with a group`
    return forAll === 'ingress' ? advice(finding) : open(finding)
  }
  const forGroup = servers.filter((server) => (config[server].unixSocketMode & 0o070) !== 0)
  if (forGroup.length > 0) return ok(`for their owner, and for the group: ${forGroup.join(', ')}`)
  return ok(servers.length === 0 ? 'none' : 'for their owner alone')
}

function tlsKeys({ ingress, admin }: Config, fileProblem: (file: string) => string | undefined): Finding {
  const files = [ingress.tls?.keyFile, admin.tls?.keyFile].filter((file) => file !== undefined)
  for (const file of files) {
    const problem = fileProblem(file)
    if (problem !== undefined) return open(problem)
  }
  return ok(files.length === 0 ? 'none' : 'only the server can read them')
}
