import dns from 'node:dns'
import { isIP, Socket } from 'node:net'
import type { Test } from 'tap'

/**
 * Records every name that is looked up and every address that a socket of this process is connected to, until the test
 * ends. What is not loopback is recorded and goes no further: no packet leaves the machine.
 */
export function recordDials(t: Test): { readonly hosts: string[]; readonly foreign: () => string[] } {
  const hosts: string[] = []
  const originalConnect = Socket.prototype.connect
  const originalLookup = dns.lookup
  Reflect.set(Socket.prototype, 'connect', function connect(this: Socket, ...args: unknown[]) {
    const host = hostOf(args)
    hosts.push(host)
    if (isLoopback(host)) return Reflect.apply(originalConnect, this, args)
    process.nextTick(() => this.destroy(Object.assign(new Error(`blocked: ${host}`), { code: 'EHOSTUNREACH' })))
    return this
  })
  Reflect.set(dns, 'lookup', (name: string, ...rest: unknown[]) => {
    hosts.push(name)
    if (isLoopback(name)) return Reflect.apply(originalLookup, dns, [name, ...rest])
    const callback = rest.at(-1)
    if (typeof callback === 'function')
      process.nextTick(callback, Object.assign(new Error('blocked'), { code: 'ENOTFOUND' }))
    return {}
  })
  t.teardown(() => {
    Socket.prototype.connect = originalConnect
    Reflect.set(dns, 'lookup', originalLookup)
  })
  return { hosts, foreign: () => hosts.filter((host) => !isLoopback(host)) }
}

/** `net.connect` hands over its arguments as one array. */
function hostOf(args: readonly unknown[]): string {
  const [first] = args
  const target: unknown = Array.isArray(first) ? first[0] : first
  if (typeof target === 'object' && target !== null) {
    if ('host' in target && typeof target.host === 'string') return target.host
    if ('path' in target && typeof target.path === 'string') return `unix:${target.path}`
  }
  return typeof args[1] === 'string' ? args[1] : 'localhost'
}

function isLoopback(host: string): boolean {
  return (
    host === 'localhost' || host === '::1' || host.startsWith('unix:') || (isIP(host) === 4 && host.startsWith('127.'))
  )
}
