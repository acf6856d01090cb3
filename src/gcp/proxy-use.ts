type Environment = Readonly<Record<string, string | undefined>>

/**
 * Whether requests to this URL go through the proxy that `HTTPS_PROXY` names: those over TLS, through which it sees
 * nothing, unless `NO_PROXY` excepts the host. The library would also take `HTTP_PROXY`, which is for other traffic,
 * and knows neither `*` nor a domain without a dot before it. Lower case names hold as well.
 */
export function usesProxy(url: URL, env: Environment): boolean {
  const proxy = env.HTTPS_PROXY || env.https_proxy
  if (!proxy || url.protocol !== 'https:') return false
  const rules = (env.NO_PROXY ?? env.no_proxy ?? '').toLowerCase().split(/[\s,]+/)
  return !rules.some((rule) => isExcepted(url, rule))
}

function isExcepted(url: URL, rule: string): boolean {
  if (rule === '*') return true
  const [, domain = '', port] = /^(?:\*?\.)?(.+?)(?::(\d+))?$/.exec(rule) ?? []
  if (domain === '' || (port !== undefined && port !== (url.port || '443'))) return false
  return url.hostname === domain || url.hostname.endsWith(`.${domain}`)
}
