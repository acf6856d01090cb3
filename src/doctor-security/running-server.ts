import { request } from 'node:http'
import { isLoopbackAddress } from '../config/address-types.ts'
import type { Config } from '../config/config.ts'

/**
 * Whether a server with this configuration runs on this machine, as far as admin tells: its version, `unnamed` when it
 * answers but does not say, `undefined` when nobody answers or there is no address to ask at.
 */
export async function askRunningServer({ admin }: Config, timeoutMs = 1000): Promise<string | undefined> {
  const target =
    admin.listenMode === 'tcp'
      ? tcpTarget(admin.bindIp, admin.bindPort, admin.tls !== undefined)
      : { socketPath: admin.unixSocketPath }
  if (target === undefined) return undefined
  return new Promise((resolve) => {
    const asked = request({
      ...target,
      path: '/version',
      agent: false,
      timeout: timeoutMs,
      signal: AbortSignal.timeout(timeoutMs),
    })
    asked.on('error', () => resolve(undefined))
    asked.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (text.length > 65_536) asked.destroy()
      })
      response.on('error', () => resolve(undefined))
      response.on('end', () => resolve(versionIn(text)))
    })
    asked.end()
  })
}

/** Only this machine is asked, whatever the configuration says. */
function tcpTarget(bindIp: string, port: number, isEncrypted: boolean) {
  if (port === 0 || isEncrypted) return undefined
  const isWildcard = bindIp === '0.0.0.0' || bindIp === '::'
  if (!isWildcard && !isLoopbackAddress(bindIp)) return undefined
  return { host: isWildcard ? '127.0.0.1' : bindIp, port }
}

function versionIn(text: string): string {
  const found = /"server":\{"name":"[^"]*","version":"([^"]{1,50})"/.exec(text) ?? /"version":"([^"]{1,50})"/.exec(text)
  return found?.[1] ?? 'unnamed'
}
