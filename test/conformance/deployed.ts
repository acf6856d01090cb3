import { createServer, type Http2ServerRequest, type Http2ServerResponse, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { createEndpointHandler } from '@restatedev/restate-sdk'
import type { Test } from 'tap'

export type Services = NonNullable<Parameters<typeof createEndpointHandler>[0]>['services']
type RequestHandler = (request: Http2ServerRequest, response: Http2ServerResponse) => void

/** A deployment in the process of the test, for rows about what is deployed. */
export interface Deployed {
  readonly uri: string
  /** Other code at the same address. */
  replace(services: Services): void
}

/** Serves these services with the official SDK; `wrap` may answer in its place. */
export async function deploy(
  t: Test,
  services: Services,
  wrap: (handler: RequestHandler) => RequestHandler = (handler) => handler,
): Promise<Deployed> {
  let handler = createEndpointHandler({ services })
  const sessions = new Set<ServerHttp2Session>()
  const server = createServer(wrap((request, response) => handler(request, response)))
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const session of sessions) session.destroy()
    await closed
  })
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    replace(others) {
      handler = createEndpointHandler({ services: others })
    },
  }
}
