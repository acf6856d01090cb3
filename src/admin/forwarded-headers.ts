/** Fields that are about one connection and not about the message (RFC 9110 section 7.6.1), and what was hop-by-hop before. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** `name` in lower case. */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name)
}

/**
 * The headers of a request (name, value, name, value … as Node has them) as the next server gets them over HTTP/1.1: in their
 * order, repeated ones as often as they came, without those of the hop, without `keptBack` (lower case), and with the `:authority` of
 * HTTP/2 as Host. `Expect` is left out, because whoever calls this has answered it.
 */
export function forwardedHeaders(rawHeaders: readonly string[], keptBack: ReadonlySet<string>): string[] {
  const ofHop = connectionOptions(rawHeaders)
  const forwarded: string[] = []
  let authority: string | undefined
  let hasHost = false
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const rawName = rawHeaders[i] ?? ''
    const value = rawHeaders[i + 1] ?? ''
    const name = rawName.toLowerCase()
    if (name === ':authority') authority = value
    const stays = name.startsWith(':') || name === 'expect' || isHopByHop(name) || ofHop.has(name) || keptBack.has(name)
    if (stays) continue
    if (name === 'host') hasHost = true
    forwarded.push(rawName, value)
  }
  return authority === undefined || hasHost ? forwarded : ['host', authority, ...forwarded]
}

/** What frames the message or routes it is not the sender's to take away. */
const NEVER_OF_HOP: ReadonlySet<string> = new Set(['host', 'content-length'])

function connectionOptions(rawHeaders: readonly string[]): ReadonlySet<string> {
  const options = new Set<string>()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== 'connection') continue
    for (const option of (rawHeaders[i + 1] ?? '').split(',')) {
      const name = option.trim().toLowerCase()
      if (name !== '' && !NEVER_OF_HOP.has(name)) options.add(name)
    }
  }
  return options
}
