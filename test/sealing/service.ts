import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import * as restate from '@restatedev/restate-sdk'

/** Behind every secret of this service. */
const needle = process.env.NEEDLE ?? ''
const secret = (what: string): string => `${what}-${needle}`

const vault = restate.object({
  name: 'Vault',
  handlers: {
    async keep(ctx: restate.ObjectContext, input: string) {
      ctx.set('item', secret('state'))
      const made = await ctx.run('make', () => secret('run'))
      return { output: secret('output'), lengths: [input.length, made.length] }
    },
    read: restate.handlers.object.shared(async (ctx: restate.ObjectSharedContext) => ctx.get<string>('item')),
    async fail(_ctx: restate.ObjectContext) {
      throw new restate.TerminalError(secret('failure'))
    },
    async stumble(_ctx: restate.ObjectContext) {
      throw new Error(secret('stumble'))
    },
    async wait(ctx: restate.ObjectContext) {
      const { id, promise } = ctx.awakeable<string>()
      ctx.set('awakeable', id)
      return `${await promise} arrived`
    },
    awakeable: restate.handlers.object.shared(async (ctx: restate.ObjectSharedContext) => ctx.get<string>('awakeable')),
  },
  options: { retryPolicy: { initialInterval: 50 } },
})

const approval = restate.workflow({
  name: 'Approval',
  handlers: {
    async run(ctx: restate.WorkflowContext) {
      const word = await ctx.promise<string>('approved')
      await ctx.promise<string>('never')
      return word
    },
    async approve(ctx: restate.WorkflowSharedContext) {
      await ctx.promise<string>('approved').resolve(secret('promise'))
    },
  },
})

const server = createServer(restate.createEndpointHandler({ services: [vault, approval] }))
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
