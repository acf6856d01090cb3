import { once } from 'node:events'
import { createServer as createHttp1Server } from 'node:http'
import { createServer } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import * as restate from '@restatedev/restate-sdk'
import type { Test } from 'tap'

/** What handlers wait for in the middle of an attempt, by name: the test decides when it goes on. */
const gates = new Map<string, PromiseWithResolvers<string>>()

export function gate(name: string): PromiseWithResolvers<string> {
  let known = gates.get(name)
  if (known === undefined) {
    known = Promise.withResolvers()
    gates.set(name, known)
  }
  return known
}

const handlers = {
  greet: async (_ctx: restate.Context, name: string) => `Hello ${name}`,
  steps: async (ctx: restate.Context, count: number) => {
    let sum = 0
    for (let step = 1; step <= count; step++) sum += await ctx.run(`step ${step}`, () => step)
    return sum
  },
  hold: (ctx: restate.Context, name: string) => ctx.run('hold', () => gate(name).promise),
  holdAndStep: async (ctx: restate.Context, name: string) => {
    const held = await ctx.run('hold', () => gate(name).promise)
    for (let step = 1; step <= 3; step++) await ctx.run(`step ${step}`, () => step)
    return `${held}, then 3 steps`
  },
  nap: async (ctx: restate.Context, ms: number) => {
    await ctx.sleep(ms)
    return 'rested'
  },
}

/**
 * A container: a service of the official SDK, two-way over h2c or request/response over HTTP/1.1. With keys it answers
 * only those who sign with one. Its origin.
 */
export async function startSdkService(
  t: Test,
  protocol: 'h2c' | 'http/1.1' = 'h2c',
  identityKeys: string[] = [],
  name = 'Greeter',
): Promise<string> {
  const retryPolicy = { initialInterval: 50, maxInterval: 400, maxAttempts: 10_000 }
  const options = {
    services: [restate.service({ name, handlers, options: { retryPolicy } })],
    logger: () => undefined,
    ...(identityKeys.length === 0 ? {} : { identityKeys }),
  }
  const server =
    protocol === 'h2c'
      ? createServer(restate.createEndpointHandler(options))
      : createHttp1Server(restate.createEndpointHandler({ ...options, bidirectional: false }))
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('sessionError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
