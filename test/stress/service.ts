// What the stress scenarios call: official SDK, a process of its own. It also remembers what its handlers saw, and
// tells it over plain HTTP: the server under test may crash, this process may not.
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import {
  type Context,
  createEndpointHandler,
  handlers,
  type ObjectContext,
  type ObjectSharedContext,
  object,
  rpc,
  serde,
  service,
} from '@restatedev/restate-sdk'
import { limits, mostAtOnce } from './limit-handlers.ts'
import type { QueueResult, ScheduleInput, ServiceReport, SleepResult, TickInput, WalkInput } from './service-types.ts'

/** So that what waits is suspended soon, and not after the usual minute. */
const SUSPEND_AFTER_MS = 50

const awakeableIds: string[] = []
const latenessMs: (number | null)[] = []
let ticks = 0
const steps = new Map<number, number>()
const walks: number[][] = []

const awakeables = service({
  name: 'StressAwakeables',
  handlers: {
    async wait(ctx: Context, n: number): Promise<string> {
      const { id, promise } = ctx.awakeable<string>()
      awakeableIds[n] = id
      return await promise
    },
  },
  options: { inactivityTimeout: SUSPEND_AFTER_MS },
})

interface Timers {
  tick(ctx: Context, input: TickInput): Promise<void>
}

const timers = service({
  name: 'StressTimers',
  handlers: {
    async schedule(ctx: Context, { first, count, firstDueAt, intervalMs }: ScheduleInput): Promise<void> {
      const client = ctx.serviceSendClient<Timers>({ name: 'StressTimers' })
      for (let n = first; n < first + count; n += 1) {
        const dueAt = Math.round(firstDueAt + n * intervalMs)
        client.tick({ n, dueAt }, rpc.sendOpts({ delay: Math.max(0, dueAt - Date.now()) }))
      }
    },
    async tick(_ctx: Context, { n, dueAt }: TickInput): Promise<void> {
      ticks += 1
      latenessMs[n] ??= Date.now() - dueAt
    },
    async sleep(ctx: Context, ms: number): Promise<SleepResult> {
      const dueAt = Date.now() + ms
      await ctx.sleep(ms)
      return { latenessMs: Date.now() - dueAt }
    },
  },
})

const journal = service({
  name: 'StressJournal',
  handlers: {
    /** Steps one after the other; then it sleeps, is suspended, and replays all of them. */
    async walk(ctx: Context, input: WalkInput): Promise<number> {
      const marks = [Date.now()]
      walks.push(marks)
      let sum = 0
      for (let step = 0; step < input.steps; step += 1) {
        sum += await ctx.run(`step ${step}`, () => {
          steps.set(step, (steps.get(step) ?? 0) + 1)
          return step
        })
        if ((step + 1) % Math.floor(input.steps / 10) === 0) marks.push(Date.now())
      }
      await ctx.sleep(10 * SUSPEND_AFTER_MS)
      return sum
    },
  },
  options: { inactivityTimeout: SUSPEND_AFTER_MS },
})

const binary = { input: serde.binary, output: serde.binary }

const payload = service({
  name: 'StressPayload',
  handlers: {
    echo: handlers.handler(binary, async (_ctx: Context, bytes: Uint8Array) => bytes),
  },
})

const store = object({
  name: 'StressStore',
  handlers: {
    put: handlers.object.exclusive({ input: serde.binary }, async (ctx: ObjectContext, bytes: Uint8Array) => {
      ctx.set('bytes', bytes, serde.binary)
    }),
    read: handlers.object.shared({ output: serde.binary }, async (ctx: ObjectSharedContext) => {
      return (await ctx.get('bytes', serde.binary)) ?? new Uint8Array(0)
    }),
  },
})

const queue = object({
  name: 'StressQueue',
  handlers: {
    /** Keeps the key until its awakeable is resolved, so that what comes behind it queues up. */
    async hold(ctx: ObjectContext, n: number): Promise<void> {
      const { id, promise } = ctx.awakeable<null>()
      awakeableIds[n] = id
      await promise
    },
    async append(ctx: ObjectContext, n: number): Promise<void> {
      const next = (await ctx.get<number>('next')) ?? 0
      if (n !== next) ctx.set('outOfOrder', ((await ctx.get<number>('outOfOrder')) ?? 0) + 1)
      ctx.set('next', next + 1)
    },
    result: handlers.object.shared(async (ctx: ObjectSharedContext): Promise<QueueResult> => {
      const appended = (await ctx.get<number>('next')) ?? 0
      return { appended, outOfOrder: (await ctx.get<number>('outOfOrder')) ?? 0 }
    }),
  },
  options: { inactivityTimeout: SUSPEND_AFTER_MS },
})

function seen(): ServiceReport {
  const repeatedSteps = [...steps.values()].filter((count) => count > 1).length
  return {
    awakeableIds,
    ticks,
    latenessMs: Array.from(latenessMs, (ms) => ms ?? null),
    walks,
    repeatedSteps,
    mostAtOnce: mostAtOnce(),
  }
}

const services = [awakeables, timers, journal, payload, store, queue, limits]
const server = createServer(createEndpointHandler({ services }))
const report = createHttpServer((_request, response) => {
  response.end(JSON.stringify(seen()))
})
report.listen(0, '127.0.0.1', () => {
  server.listen(0, '127.0.0.1', () => {
    console.log(`report on http://127.0.0.1:${(report.address() as AddressInfo).port}`)
    console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
})
