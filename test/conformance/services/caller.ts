import { type Context, InvocationIdParser, rpc, type Serde, service, TerminalError } from '@restatedev/restate-sdk'
import { cell } from './cell.ts'
import { leaf } from './leaf.ts'
import { beginAttempt, note } from './memory.ts'

/** A call to any handler; objects and workflows have a key. */
interface Forwarded {
  readonly service: string
  readonly handler: string
  readonly key?: string
  readonly input?: unknown
  readonly idempotencyKey?: string
}

interface Many {
  readonly key: string
  readonly count: number
  readonly delayMs: number
}

const json: Serde<unknown> = {
  contentType: 'application/json',
  serialize: (value) => Buffer.from(JSON.stringify(value)),
  deserialize: (bytes) => (bytes.length === 0 ? null : JSON.parse(Buffer.from(bytes).toString())),
}

async function valueOrError(awaited: Promise<unknown>): Promise<unknown> {
  try {
    return { value: await awaited }
  } catch (error) {
    if (!(error instanceof TerminalError)) throw error
    return { code: error.code, message: error.message, ...(error.metadata && { metadata: error.metadata }) }
  }
}

/** Handlers that call, send to, cancel and attach to others. */
export const caller = service({
  name: 'Caller',
  handlers: {
    async forward(ctx: Context, { service: name, handler, key, input, idempotencyKey }: Forwarded) {
      beginAttempt(ctx)
      const call = ctx.genericCall<unknown, unknown>({
        service: name,
        method: handler,
        parameter: input ?? null,
        inputSerde: json,
        outputSerde: json,
        ...(key !== undefined && { key }),
        ...(idempotencyKey !== undefined && { idempotencyKey }),
      })
      return await valueOrError(call)
    },
    /** One child that it waits for, one that it has sent, one that is sent later. */
    async parent(ctx: Context) {
      const called = ctx.serviceClient(leaf).wait()
      const sent = ctx.serviceSendClient(leaf).wait()
      const delayed = ctx.serviceSendClient(leaf).wait(rpc.sendOpts({ delay: 3_600_000 }))
      const ids = [await called.invocationId, await sent.invocationId, await delayed.invocationId]
      note(`children ${ctx.request().id}`, ids)
      return await called
    },
    async cancel(ctx: Context, id: string) {
      ctx.cancel(InvocationIdParser.fromString(id))
      return 'done'
    },
    async attach(ctx: Context, id: string) {
      return await valueOrError(ctx.attach<unknown>(InvocationIdParser.fromString(id)))
    },
    async sendMany(ctx: Context, { key, count, delayMs }: Many) {
      const target = ctx.objectSendClient(cell, key)
      for (let n = 0; n < count; n += 1) {
        target.push(String(n), ...(delayMs > 0 ? [rpc.sendOpts<string>({ delay: delayMs })] : []))
      }
    },
    /** A step of its own, then one of an object. */
    async chain(ctx: Context, { key, tag }: { readonly key: string; readonly tag: string }) {
      await ctx.run('own', () => tag)
      return await ctx.objectClient(cell, key).push(tag)
    },
  },
  options: { retryPolicy: { initialInterval: 20, maxInterval: 200 } },
})
