import { createServer } from 'node:http'
import type { Test } from 'tap'
import { listenOnLoopback } from '../../ingress/loopback.ts'

/** An authentication service as `auth_request` wants one. `seen` has the headers and paths that it was asked about. */
export interface AuthService {
  readonly port: number
  readonly seen: { readonly path: string; readonly headers: string }[]
}

/** Lets pass who has one of these bearer tokens, and says whose it is. */
export async function startAuthService(t: Test, callers: Readonly<Record<string, string>>): Promise<AuthService> {
  const seen: AuthService['seen'] = []
  const server = createServer((request, response) => {
    seen.push({ path: String(request.headers['x-original-uri']), headers: JSON.stringify(request.rawHeaders) })
    const token = request.headers.authorization?.replace(/^Bearer /, '')
    const caller = token === undefined || !Object.hasOwn(callers, token) ? undefined : callers[token]
    if (caller === undefined) response.writeHead(401, { 'www-authenticate': 'Bearer realm="example"' }).end()
    else response.writeHead(200, { 'x-caller-id': caller }).end()
  })
  const port = await listenOnLoopback(server)
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port, seen }
}
