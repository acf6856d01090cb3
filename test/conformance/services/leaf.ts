import { type Context, handlers, service, TerminalError } from '@restatedev/restate-sdk'
import { beginAttempt, note } from './memory.ts'

interface Recorded {
  readonly name: string
  readonly value: unknown
}

export interface Failing {
  readonly code: number
  readonly message: string
  readonly metadata?: Record<string, string>
}

async function record(_ctx: Context, { name, value }: Recorded): Promise<unknown> {
  note(name, value)
  return value
}

/** Handlers that call nobody. */
export const leaf = service({
  name: 'Leaf',
  handlers: {
    record,
    recordToo: record,
    secret: handlers.handler({ ingressPrivate: true }, async () => 'secret'),
    async wait(ctx: Context) {
      beginAttempt(ctx)
      return await ctx.awakeable<string>().promise
    },
    async fail(_ctx: Context, { code, message, metadata }: Failing) {
      throw new TerminalError(message, { errorCode: code, ...(metadata !== undefined && { metadata }) })
    },
    async sleep(ctx: Context, ms: number) {
      beginAttempt(ctx)
      await ctx.sleep(ms)
      return Date.now()
    },
    /** Its first attempt fails behind the run. */
    async runThenFail(ctx: Context) {
      const attempt = beginAttempt(ctx)
      const runs = await ctx.run('counted', () => note(`runs ${ctx.request().id}`))
      if (attempt === 1) throw new Error('behind the run')
      return { attempt, runs }
    },
    async steps(ctx: Context, name: string) {
      const first = await ctx.run('first', () => note(`${name} first`))
      const second = await ctx.run('second', () => note(`${name} second`))
      return [first, second]
    },
    /** Ends with a command in its journal that nothing completes. */
    async endBeforeTimer(ctx: Context) {
      void ctx.sleep(3_600_000)
      return 'early'
    },
    async random(ctx: Context) {
      const attempt = beginAttempt(ctx)
      const first = ctx.rand.uuidv4()
      note(`random ${ctx.request().id}`, first)
      await ctx.run('step', () => 'done')
      if (attempt === 1) throw new Error('once more')
      return [first, ctx.rand.uuidv4()]
    },
    async surviveCancel(ctx: Context) {
      beginAttempt(ctx)
      try {
        return await ctx.awakeable<string>().promise
      } catch (error) {
        if (error instanceof TerminalError) return `caught ${error.code}`
        throw error
      }
    },
    async compensate(ctx: Context) {
      beginAttempt(ctx)
      try {
        return await ctx.awakeable<string>().promise
      } catch (error) {
        await ctx.run('undo', () => note(`undone ${ctx.request().id}`))
        throw error
      }
    },
  },
  options: { retryPolicy: { initialInterval: 20 } },
})
