import { createServer } from 'node:http2'
import * as restate from '@restatedev/restate-sdk'
import type { Test } from 'tap'
import { listenOnLoopback } from '../../ingress/loopback.ts'

/** A service that remembers what its handlers were given. */
export interface HeaderService {
  readonly uri: string
  /** Headers of each call of `look`, as its handler got them. */
  readonly seen: ReadonlyMap<string, string>[]
}

export async function startHeaderService(t: Test): Promise<HeaderService> {
  const seen: ReadonlyMap<string, string>[] = []
  const service = restate.service({
    name: 'Headers',
    handlers: {
      look: async (ctx: restate.Context) => {
        seen.push(ctx.request().headers)
        return seen.length
      },
      wait: async (ctx: restate.Context, ms: number) => {
        await ctx.sleep(ms)
        return ms
      },
    },
  })
  const server = createServer(restate.createEndpointHandler({ services: [service], logger: () => {} }))
  const port = await listenOnLoopback(server)
  t.teardown(() => server.close())
  return { uri: `http://127.0.0.1:${port}`, seen }
}
