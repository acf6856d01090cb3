import type { Config, ListenerConfig } from './config.ts'
import { exposedAddress, isOpenByName, knowsItsCallers } from './exposure.ts'
import { sensitiveNamesIn } from './header-names.ts'
import { environmentName } from './key.ts'

/** Every setting that is less safe than its default, one line each, for the log at start. Nothing in them is secret. */
export function loosenings(config: Config): readonly string[] {
  const lines: string[] = []
  if (config.compatibility === 'restate') {
    lines.push('compatibility = "restate": callers see what Restate does, where Perdure is stricter')
  }
  for (const server of ['admin', 'fabric'] as const) {
    const ip = exposedAddress(config, server)
    if (ip !== undefined) {
      lines.push(
        `${keyName(server, 'bind-ip')}: ${server} listens on ${ip}, beyond this machine; ${risk(config, server)}`,
      )
    }
    if (isOpenByName(config, server) && !knowsItsCallers(config, server)) {
      const key = server === 'admin' ? 'admin.allow-unauthenticated' : 'fabric-allow-unauthenticated'
      lines.push(`${key} (${environmentName(key)}): ${server} asks nobody who he is, wherever it listens`)
    }
  }
  for (const server of ['ingress', 'admin', 'fabric'] as const)
    lines.push(...socketModeLoosening(server, config[server]))
  if (config.admin.allowedHosts.length > 0) {
    lines.push(`admin.allowed-hosts: admin answers requests addressed to ${config.admin.allowedHosts.join(', ')}`)
  }
  return [...lines, ...ingressLoosenings(config)]
}

function risk(config: Config, server: 'admin' | 'fabric'): string {
  if (server === 'fabric') return 'whoever reaches it sees metrics'
  if (!knowsItsCallers(config, server)) return 'whoever reaches it controls the server'
  if (config.admin.tls !== undefined) return 'it speaks TLS there, and asks who calls'
  return 'tokens cross the network, in clear unless TLS ends in front of it'
}

function ingressLoosenings({ ingress }: Config): readonly string[] {
  const lines: string[] = []
  if (ingress.headerPolicy === 'restate-compatible') {
    lines.push('ingress.header-policy = "restate-compatible": all headers of calls are journaled, credentials included')
  }
  for (const [name, list] of [
    ['header-allow-list', ingress.headerAllowList],
    ['header-allow-list-extra', ingress.headerAllowListExtra],
  ] as const) {
    const sensitive = sensitiveNamesIn(list)
    if (sensitive.length > 0) {
      lines.push(`ingress.${name}: ${sensitive.join(', ')} may carry credentials, which are then journaled`)
    }
    if (list.includes('*'))
      lines.push(`ingress.${name} has "*": every header that is not known as sensitive is journaled`)
  }
  if (ingress.journalQueryString) {
    lines.push('ingress.journal-query-string: query strings of calls are journaled, with what secrets they hold')
  }
  if (ingress.corsAllowedOrigins.length > 0) {
    const all = ingress.corsAllowedOrigins.includes('*')
    lines.push(
      `ingress.cors.allowed-origins: pages of ${all ? 'every origin' : ingress.corsAllowedOrigins.join(', ')} may call`,
    )
  }
  return lines
}

function socketModeLoosening(server: 'ingress' | 'admin' | 'fabric', listener: ListenerConfig): readonly string[] {
  const beyondOwner = listener.unixSocketMode & 0o077
  if (listener.listenMode === 'tcp' || beyondOwner === 0) return []
  const mode = listener.unixSocketMode.toString(8).padStart(4, '0')
  const who =
    (beyondOwner & 0o007) === 0
      ? `the group ${listener.unixSocketGroup ?? 'of the socket file'}`
      : 'every user of this machine'
  return [`${keyName(server, 'unix-socket-mode')} = "${mode}": ${who} may connect to ${server}`]
}

function keyName(server: 'ingress' | 'admin' | 'fabric', name: string): string {
  const path = server === 'fabric' ? name : `${server}.${name}`
  return `${path} (${environmentName(path)})`
}
