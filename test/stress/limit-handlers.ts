import { setTimeout as sleep } from 'node:timers/promises'
import { type Context, handlers, serde, service } from '@restatedev/restate-sdk'
import type { StepsInput } from './service-types.ts'

let running = 0
let most = 0

/** The most handlers of `linger` that ran at the same time. */
export function mostAtOnce(): number {
  return most
}

/** Goes up to limits of the server, and beyond. */
export const limits = service({
  name: 'StressLimits',
  handlers: {
    /** Answers with as many bytes. */
    reply: handlers.handler({ output: serde.binary }, async (_ctx: Context, bytes: number) => {
      return new Uint8Array(bytes)
    }),
    /** Takes its time without being suspended. */
    async linger(_ctx: Context, ms: number): Promise<void> {
      running += 1
      most = Math.max(most, running)
      await sleep(ms)
      running -= 1
    },
    /** Each step adds two entries to the journal, the second one with a result of about this size. */
    async steps(ctx: Context, { count, bytes }: StepsInput): Promise<number> {
      for (let step = 0; step < count; step += 1) await ctx.run('step', () => 'x'.repeat(bytes))
      return count
    },
  },
})
