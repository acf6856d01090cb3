import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { type Context, createEndpointHandler, service } from '@restatedev/restate-sdk'

/** What the demo calls: a side effect that must happen once, a long wait, and a call to another service. */
export const greeter = service({
  name: 'Greeter',
  handlers: {
    async greet(ctx: Context, name: string) {
      const number = await ctx.run('draw a number', () => Math.floor(Math.random() * 1000))
      return `Hello ${name}, your number is ${number}.`
    },

    async remind(ctx: Context, { about, afterMs }: { about: string; afterMs: number }) {
      const noted = await ctx.run('note', () => `noted by process ${process.pid}`)
      await ctx.sleep(afterMs)
      const shouted = await ctx.serviceClient(loudspeaker).shout(about)
      return `${shouted} (${noted})`
    },

    async headers(ctx: Context) {
      return Object.fromEntries(ctx.request().headers)
    },
  },
})

export const loudspeaker = service({
  name: 'Loudspeaker',
  handlers: {
    async shout(_ctx: Context, text: string) {
      return `${text.toUpperCase()}!`
    },
  },
})

const server = createServer(createEndpointHandler({ services: [greeter, loudspeaker] }))
server.listen(Number(process.env.PORT ?? 9080), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
