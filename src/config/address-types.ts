import { isIP, isIPv6 } from 'node:net'
import { accepted, type Parsed, refused, textual, type ValueType } from './value-type.ts'

/** An IP address to listen on. `::` takes IPv4 as well. */
export const ipAddress: ValueType<string> = textual({
  name: 'IP address',
  allowed: 'an IP address such as "127.0.0.1", "0.0.0.0", "::1" or "::"',
  jsonSchema: { type: 'string', minLength: 2 },
  parseText: (raw) => (isIP(raw) === 0 ? refused('it is not an IP address') : accepted(raw)),
  formatText: (value) => value,
})

/** Whether only this machine reaches what listens on an IP address, or is what comes from it. */
export function isLoopbackAddress(ip: string): boolean {
  if (!isIPv6(ip)) return ip.startsWith('127.')
  // A zone names an interface; it makes no other address of it, and no URL takes it.
  const canonical = new URL(`http://[${ip.replace(/%.*$/, '')}]`).hostname
  // An IPv4 address in IPv6 form is printed in hexadecimal: 7f00 is 127.0.
  return canonical === '[::1]' || /^\[::ffff:7f[0-9a-f]{2}:/.test(canonical)
}

/** Where to listen; without a port, the listener's default port is meant. */
export interface BindAddress {
  readonly ip: string
  readonly port: number | undefined
}

export const bindAddress: ValueType<BindAddress> = textual({
  name: 'ip:port',
  allowed: 'an IP address with or without a port, such as "127.0.0.1:8080", "[::]:8080" or "127.0.0.1"',
  jsonSchema: { type: 'string', minLength: 2 },
  parseText: parseBindAddress,
  formatText: ({ ip, port }) => (port === undefined ? ip : `${isIPv6(ip) ? `[${ip}]` : ip}:${port}`),
})

function parseBindAddress(raw: string): Parsed<BindAddress> {
  if (isIP(raw) !== 0) return accepted({ ip: raw, port: undefined })
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(raw)
  if (match === null) return refused('it is not an address of this form')
  const [, bracketed, plain, portText] = match
  const ip = bracketed ?? plain ?? ''
  if (isIP(ip) === 0 || (bracketed !== undefined && !isIPv6(bracketed))) return refused(`${ip} is not an IP address`)
  const port = portText === undefined ? undefined : Number(portText)
  if (port !== undefined && port > 65_535) return refused('the port is above 65535')
  return accepted({ ip, port })
}

/** What clients are told to connect to. */
export const advertisedAddress: ValueType<string> = textual({
  name: 'URL',
  allowed: 'a URL such as "http://restate.example:8080/" or "https://…", or "unix:/absolute/path"',
  jsonSchema: { type: 'string', pattern: '^(https?://|unix:)' },
  parseText: (raw) => {
    if (raw.startsWith('unix:/')) return accepted(raw)
    if (!/^https?:\/\//.test(raw) || !URL.canParse(raw)) return refused('it is not such a URL')
    const { username, password } = new URL(raw)
    return username === '' && password === ''
      ? accepted(raw)
      : refused('it carries a user name or password, which everyone who asks for the address would see')
  },
  formatText: (value) => value,
})

/** A host name or IP address without a port. */
export const hostName: ValueType<string> = textual({
  name: 'host',
  allowed: 'a host name or an IP address, without a scheme or port',
  jsonSchema: { type: 'string', minLength: 1 },
  parseText: (raw) => (isHostName(raw) ? accepted(raw) : refused('it is not a host name')),
  formatText: (value) => value,
})

export function isHostName(raw: string): boolean {
  return (
    isIP(raw) !== 0 ||
    /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i.test(raw)
  )
}
