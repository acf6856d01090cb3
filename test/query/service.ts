import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import {
  type Context,
  createEndpointHandler,
  type ObjectContext,
  object,
  service,
  TerminalError,
  type WorkflowContext,
  type WorkflowSharedContext,
  workflow,
} from '@restatedev/restate-sdk'

/** Handlers that bring invocations into every state. */
const greeter = service({
  name: 'Greeter',
  handlers: {
    async greet(_ctx: Context, name: string) {
      return `Hello ${name}`
    },
    async fail() {
      throw new TerminalError('no coffee', { errorCode: 418 })
    },
    /** Fails again and again, an hour apart. */
    async stuck(ctx: Context) {
      await ctx.run('first', () => 1)
      throw new Error('not yet')
    },
    /** Runs as long as the server waits for it. */
    async busy(ctx: Context) {
      await ctx.run('busy', () => new Promise((resolve) => setTimeout(resolve, 60_000).unref()))
    },
    async wait(ctx: Context) {
      await ctx.sleep(3_600_000, 'long')
    },
    async tour(ctx: Context) {
      await ctx.run('ok', () => ({ a: 1 }))
      await ctx
        .run('bad', () => {
          throw new TerminalError('nope', { errorCode: 499 })
        })
        .catch(() => {})
      await ctx.sleep(1, 'short')
      await ctx.serviceClient(greeter).greet('tour')
      ctx.serviceSendClient(greeter).greet('nobody')
      await ctx.objectClient(counter, 'carl').add(2)
      const { id, promise } = ctx.awakeable<string>()
      ctx.resolveAwakeable(id, 'x')
      return await promise
    },
  },
  options: { retryPolicy: { initialInterval: 3_600_000, maxInterval: 3_600_000 } },
})

const counter = object({
  name: 'Counter',
  handlers: {
    async add(ctx: ObjectContext, amount: number) {
      const count = ((await ctx.get<number>('count')) ?? 0) + amount
      ctx.set('count', count)
      ctx.set('note', `at ${count}`)
      return count
    },
    async hold(ctx: ObjectContext) {
      await ctx.sleep(3_600_000)
    },
    async reset(ctx: ObjectContext) {
      await ctx.stateKeys()
      ctx.clear('note')
      ctx.clearAll()
    },
  },
})

const signup = workflow({
  name: 'Signup',
  handlers: {
    async run(ctx: WorkflowContext, email: string) {
      ctx.set('email', email)
      return await ctx.promise<string>('confirmed')
    },
    async confirm(ctx: WorkflowSharedContext, code: string) {
      await ctx.promise<string>('confirmed').resolve(code)
    },
    async refuse(ctx: WorkflowSharedContext) {
      await ctx.promise<string>('confirmed').reject('refused')
    },
  },
})

const server = createServer(createEndpointHandler({ services: [greeter, counter, signup], bidirectional: false }))
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
