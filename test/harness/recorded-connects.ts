import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { isIP, type Socket } from 'node:net'
import type { Test } from 'tap'

/**
 * Every address that a client socket of this process tries, as `address:port`, until the test ends. What is not loopback is
 * recorded and goes no further.
 */
export function recordConnects(t: Test): { readonly tried: string[]; readonly foreign: () => string[] } {
  const tried: string[] = []
  const onSocket = (message: unknown) => {
    const socket = socketOf(message)
    socket?.on('connectionAttempt', (address: string, port: number) => {
      tried.push(`${address}:${port}`)
      if (!isLoopback(address)) socket.destroy(new Error(`blocked: ${address}`))
    })
  }
  subscribe('net.client.socket', onSocket)
  t.teardown(() => unsubscribe('net.client.socket', onSocket))
  return { tried, foreign: () => tried.filter((endpoint) => !isLoopback(endpoint.replace(/:\d+$/, ''))) }
}

function socketOf(message: unknown): Socket | undefined {
  if (typeof message !== 'object' || message === null || !('socket' in message)) return undefined
  return message.socket as Socket
}

function isLoopback(address: string): boolean {
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'))
}
