// The service that both servers call: official SDK, a process of its own. Prints `listening on http://…`.
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { type Context, createEndpointHandler, type ObjectContext, object, service } from '@restatedev/restate-sdk'

const bench = service({
  name: 'Bench',
  handlers: {
    async hello(_ctx: Context, whom: string) {
      return `Hello ${whom}`
    },
    async steps(ctx: Context, _input: string) {
      let sum = 0
      for (const name of ['first', 'second', 'third']) sum += await ctx.run(name, () => 1)
      return sum
    },
  },
})

interface Chain {
  second(ctx: Context, whom: string): Promise<string>
  third(ctx: Context, whom: string): Promise<string>
}

const chain = service({
  name: 'BenchChain',
  handlers: {
    first: (ctx: Context, whom: string): Promise<string> =>
      ctx.serviceClient<Chain>({ name: 'BenchChain' }).second(whom),
    second: (ctx: Context, whom: string): Promise<string> =>
      ctx.serviceClient<Chain>({ name: 'BenchChain' }).third(whom),
    async third(_ctx: Context, whom: string) {
      return `Hello ${whom}`
    },
  },
})

const counter = object({
  name: 'BenchCounter',
  handlers: {
    async add(ctx: ObjectContext, _input: string) {
      const count = ((await ctx.get<number>('count')) ?? 0) + 1
      ctx.set('count', count)
      return count
    },
  },
})

const server = createServer(createEndpointHandler({ services: [bench, chain, counter] }))
server.listen(0, '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
