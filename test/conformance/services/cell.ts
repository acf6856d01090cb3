import { handlers, type ObjectContext, type ObjectSharedContext, object, TerminalError } from '@restatedev/restate-sdk'
import { beginAttempt } from './memory.ts'

const { exclusive, shared } = handlers.object

async function push(ctx: ObjectContext, tag: string): Promise<string[]> {
  const list = [...((await ctx.get<string[]>('list')) ?? []), tag]
  ctx.set('list', list)
  return list
}

async function hold(ctx: ObjectContext, tag: string): Promise<string> {
  beginAttempt(ctx)
  await push(ctx, tag)
  return await ctx.awakeable<string>().promise
}

/** Reads, waits, and reads again. */
async function readTwice(ctx: ObjectSharedContext, name: string): Promise<unknown[]> {
  beginAttempt(ctx)
  const before = await ctx.get(name)
  await ctx.awakeable<string>().promise
  return [before, await ctx.get(name)]
}

/** Changes state, and looks at it in between. It needs `a` and `b` in it. */
async function edit(ctx: ObjectContext): Promise<unknown[]> {
  ctx.set('d', 4)
  ctx.set('c', 3)
  const all = [await ctx.stateKeys(), await ctx.get('c')]
  ctx.clear('a')
  const one = await ctx.get('a')
  ctx.clearAll()
  const none = [await ctx.stateKeys(), await ctx.get('b')]
  ctx.set('z', 26)
  return [...all, one, ...none, await ctx.stateKeys(), await ctx.get('z')]
}

/** An object with a list, and whatever else is put into its state. */
export const cell = object({
  name: 'Cell',
  handlers: {
    push: exclusive(push),
    hold: exclusive(hold),
    holdSuspended: exclusive({ inactivityTimeout: 0 }, hold),
    holdPaused: exclusive({ retryPolicy: { maxAttempts: 1, onMaxAttempts: 'pause' } }, async () => {
      throw new Error('no')
    }),
    edit: exclusive(edit),
    editLazily: exclusive({ enableLazyState: true }, edit),
    pushThenFail: exclusive(async (ctx: ObjectContext, tag: string): Promise<void> => {
      await push(ctx, tag)
      throw new TerminalError('behind the write', { errorCode: 418 })
    }),
    set: exclusive(async (ctx: ObjectContext, entries: Record<string, unknown>): Promise<void> => {
      for (const [name, value] of Object.entries(entries)) ctx.set(name, value)
    }),
    /** Calls its own key, which it holds. */
    deadlock: exclusive(async (ctx: ObjectContext): Promise<unknown> => {
      return await ctx.objectClient<{ push: typeof push }>({ name: 'Cell' }, ctx.key).push('never')
    }),
    list: shared(async (ctx: ObjectSharedContext): Promise<string[]> => (await ctx.get<string[]>('list')) ?? []),
    keys: shared(async (ctx: ObjectSharedContext): Promise<string[]> => await ctx.stateKeys()),
    readTwice: shared(readTwice),
    readTwiceLazily: shared({ enableLazyState: true }, readTwice),
  },
  options: { retryPolicy: { initialInterval: 20 } },
})
