import { handlers, type WorkflowContext, type WorkflowSharedContext, workflow } from '@restatedev/restate-sdk'
import { note } from './memory.ts'

const { shared } = handlers.workflow

/** A workflow that writes state, and ends with what its promise `go` is resolved with. */
export const flow = workflow({
  name: 'Flow',
  handlers: {
    async run(ctx: WorkflowContext, value: string): Promise<string> {
      note(`runs ${ctx.key}`)
      ctx.set('state', value)
      return await ctx.promise<string>('go').get()
    },
    resolve: shared(async (ctx: WorkflowSharedContext, value: string): Promise<void> => {
      await ctx.promise<string>('go').resolve(value)
    }),
    reject: shared(async (ctx: WorkflowSharedContext, reason: string): Promise<void> => {
      await ctx.promise<string>('go').reject(reason)
    }),
    peek: shared(async (ctx: WorkflowSharedContext): Promise<unknown> => {
      const value = await ctx.promise<string>('go').peek()
      return value === undefined ? { open: true } : { value }
    }),
    await: shared(async (ctx: WorkflowSharedContext): Promise<string> => await ctx.promise<string>('go').get()),
    state: shared(async (ctx: WorkflowSharedContext): Promise<unknown> => await ctx.get('state')),
  },
})
