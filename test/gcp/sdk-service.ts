import { once } from 'node:events'
import { createServer as createHttp1Server } from 'node:http'
import { createServer } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import * as restate from '@restatedev/restate-sdk'
import type { Test } from 'tap'

const greeter = restate.service({
  name: 'Greeter',
  handlers: {
    greet: async (_ctx: restate.Context, name: string) => `Hello ${name}`,
    steps: async (ctx: restate.Context, count: number) => {
      let sum = 0
      for (let step = 1; step <= count; step++) sum += await ctx.run(`step ${step}`, () => step)
      return sum
    },
  },
})

/** A container: a service of the official SDK, two-way over h2c or request/response over HTTP/1.1. Its origin. */
export async function startSdkService(t: Test, protocol: 'h2c' | 'http/1.1' = 'h2c'): Promise<string> {
  const logger = () => undefined
  const server =
    protocol === 'h2c'
      ? createServer(restate.createEndpointHandler({ services: [greeter], logger }))
      : createHttp1Server(restate.createEndpointHandler({ services: [greeter], bidirectional: false, logger }))
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
