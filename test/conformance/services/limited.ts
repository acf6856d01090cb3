import { setTimeout as pass } from 'node:timers/promises'
import { type Context, handlers, RestatePromise, service } from '@restatedev/restate-sdk'
import { beginAttempt, note } from './memory.ts'

const { handler } = handlers
const threeThen = (onMaxAttempts: 'pause' | 'kill', initialInterval = 20) => ({
  initialInterval,
  exponentiationFactor: 1,
  maxAttempts: 3,
  onMaxAttempts,
})

/** Fails in its first attempts, as many as it is told. */
async function failFirst(ctx: Context, failures: number): Promise<string> {
  const attempt = beginAttempt(ctx)
  if (attempt <= failures) throw new Error('not yet')
  return `attempt ${attempt}`
}

async function runFor(ctx: Context, ms: number): Promise<{ runs: number }> {
  beginAttempt(ctx)
  const runs = await ctx.run('long', async () => {
    const count = note(`runs ${ctx.request().id}`)
    // Only the first one is slow.
    await pass(count === 1 ? ms : 0)
    return count
  })
  return { runs }
}

/** Handlers with time-outs, retry policies and retentions of their own. */
export const limited = service({
  name: 'Limited',
  handlers: {
    pauses: handler({ retryPolicy: threeThen('pause') }, failFirst),
    pausesSlowly: handler({ retryPolicy: threeThen('pause', 2000) }, failFirst),
    kills: handler({ retryPolicy: threeThen('kill') }, async (ctx: Context): Promise<void> => {
      throw new Error(`failure ${beginAttempt(ctx)}`)
    }),
    backsOff: handler({ retryPolicy: { initialInterval: 3_600_000, maxInterval: 3_600_000 } }, failFirst),
    /** Each attempt gets one step further, and fails there. */
    progresses: handler({ retryPolicy: threeThen('pause') }, async (ctx: Context): Promise<void> => {
      const attempt = beginAttempt(ctx)
      for (let step = 1; step <= attempt; step += 1) await ctx.run(`step ${step}`, () => step)
      throw new Error('not yet')
    }),
    /** Replays something else than it has done. */
    changesItsMind: handler({ retryPolicy: threeThen('pause') }, async (ctx: Context): Promise<void> => {
      if (beginAttempt(ctx) > 1) await ctx.sleep(1)
      await ctx.run('first', () => 1)
      throw new Error('not yet')
    }),
    suspends: handler({ inactivityTimeout: 0 }, async (ctx: Context): Promise<string> => {
      beginAttempt(ctx)
      return await ctx.awakeable<string>().promise
    }),
    awaitsBoth: handler({ inactivityTimeout: 0 }, async (ctx: Context): Promise<string[]> => {
      beginAttempt(ctx)
      return await RestatePromise.all([ctx.awakeable<string>().promise, ctx.awakeable<string>().promise])
    }),
    runsBeyondInactivity: handler({ inactivityTimeout: 100 }, runFor),
    runsBeyondAbort: handler({ inactivityTimeout: 50, abortTimeout: 50, retryPolicy: { initialInterval: 20 } }, runFor),
    keepsBriefly: handler(
      { idempotencyRetention: 300 },
      async (_ctx: Context, name: string): Promise<number> => note(name),
    ),
    keepsNoJournal: handler({ journalRetention: 0 }, async (): Promise<string> => 'kept'),
    keepsNothing: handler({ journalRetention: 0, idempotencyRetention: 0 }, async (): Promise<string> => 'gone'),
  },
})
