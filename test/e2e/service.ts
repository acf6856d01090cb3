import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { type Context, createEndpointHandler, service, TerminalError } from '@restatedev/restate-sdk'

const name = process.env.NAME ?? 'Sample'
const failures = new Map<string, number>()

const sample = service({
  name,
  handlers: {
    async greet(_ctx: Context, whom: string) {
      return `Hello ${whom}`
    },
    async tour(ctx: Context, steps: number) {
      const runs: number[] = []
      for (let step = 0; step < steps; step += 1) runs.push(await ctx.run(`step ${step}`, () => step))
      await ctx.sleep(30)
      const called = await ctx
        .serviceClient<{ greet(ctx: Context, whom: string): Promise<string> }>({ name })
        .greet('tour')
      ctx.serviceSendClient<{ greet(ctx: Context, whom: string): Promise<string> }>({ name }).greet('nobody')
      return { runs, called }
    },
    async fails() {
      throw new TerminalError('no coffee', { errorCode: 418 })
    },
    async flaky(ctx: Context, times: number) {
      const failed = failures.get(ctx.request().id) ?? 0
      failures.set(ctx.request().id, failed + 1)
      if (failed < times) throw new Error(`failure ${failed + 1}`)
      return `after ${failed} failures`
    },
    async slow(ctx: Context, ms: number) {
      await ctx.sleep(ms)
      return ms
    },
    async unique(ctx: Context) {
      await ctx.sleep(50)
      return ctx.rand.uuidv4()
    },
    async now() {
      return Date.now()
    },
  },
  options: { retryPolicy: { initialInterval: 20 } },
})

const key = process.env.IDENTITY_KEY
const endpoint = createEndpointHandler({
  services: [sample],
  bidirectional: process.env.BIDIRECTIONAL !== 'false' && process.env.HTTP_1 !== 'true',
  ...(key !== undefined && { identityKeys: [key] }),
})
const server = process.env.HTTP_1 === 'true' ? createHttpServer(endpoint) : createServer(endpoint)
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
