import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { type Context, createEndpointHandler, service } from '@restatedev/restate-sdk'

/** Results that the server has acknowledged, by invocation and step. This process outlives the server's crashes. */
const acknowledged = new Map<string, string>()
const violations: string[] = []
let executions = 0

/** A side effect that watches over the promise: once its result is acknowledged, it never runs again. */
async function once(ctx: Context, step: string): Promise<string> {
  const place = `${ctx.request().id}/${step}`
  const result = await ctx.run(step, () => {
    executions += 1
    if (acknowledged.has(place)) violations.push(`${place} ran again`)
    return `${step}-${Math.random()}`
  })
  const before = acknowledged.get(place)
  if (before !== undefined && before !== result) violations.push(`${place} was ${before} and is ${result}`)
  acknowledged.set(place, result)
  return result
}

const helper = service({
  name: 'Helper',
  handlers: {
    async step(ctx: Context, n: number) {
      const first = await once(ctx, 'helper')
      await ctx.sleep(n % 50)
      return { n, first }
    },
  },
})

const worker = service({
  name: 'Worker',
  handlers: {
    async work(ctx: Context, n: number) {
      const first = await once(ctx, 'first')
      await ctx.sleep(20 + (n % 7) * 40)
      const helped = await ctx.serviceClient(helper).step(n)
      if (n % 3 === 0) await ctx.sleep(100)
      const last = await once(ctx, 'last')
      return { n, first, helped, last }
    },
  },
})

const server = createServer(createEndpointHandler({ services: [worker, helper] }))
// The test asks here what this process has seen.
const report = createHttpServer((_request, response) => {
  response.end(JSON.stringify({ violations, executions, acknowledged: acknowledged.size }))
})
report.listen(0, '127.0.0.1', () => {
  server.listen(0, '127.0.0.1', () => {
    console.log(`report on ${(report.address() as AddressInfo).port}`)
    console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
})
