import { createServer } from 'node:http'
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { createEndpointHandler } from '@restatedev/restate-sdk'
import { definitions, type RevisionKind, revision } from './definitions.ts'
import { ProcessMemory } from './process-memory.ts'
import { serveWire } from './wire-service.ts'

/**
 * The service process of one SDK mode. Below one port it serves, by the beginning of the path, the deployments
 * `/eager` and `/lazy` (names of services end in `SUFFIX`, and in `-lazy`), `/revision/<name>/<version>/<kind>` and `/wire/<name>`.
 * A second port is for the scenarios: gates and counts.
 */
const bidirectional = process.env.BIDIRECTIONAL !== 'false'
const suffix = process.env.SUFFIX ?? ''
const memory = new ProcessMemory()

type Handler = (request: Http2ServerRequest, response: Http2ServerResponse) => void
const handlers = new Map<string, Handler>()

function endpoint(path: string): Handler | undefined {
  const [, place = '', name = '', version = '', kind = ''] = path.split('/')
  const key = place === 'revision' ? [place, name, version, kind].join('/') : place
  const known = handlers.get(key)
  if (known !== undefined) return known
  const services = servicesAt(place, name, Number(version), kind)
  if (services === undefined) return undefined
  const handler = createEndpointHandler({ services, bidirectional })
  handlers.set(key, handler)
  return handler
}

function servicesAt(place: string, name: string, version: number, kind: string) {
  switch (place) {
    case 'eager':
      return definitions({ memory, suffix, version: 1 }, false)
    case 'lazy':
      return definitions({ memory, suffix: `${suffix}-lazy`, version: 1 }, true)
    case 'revision':
      return isRevisionKind(kind) ? [revision(name, kind, { memory, suffix, version })] : undefined
    default:
      return undefined
  }
}

function isRevisionKind(text: string): text is RevisionKind {
  return text === 'service' || text === 'object' || text === 'without-run'
}

const services = createHttp2Server((request, response) => {
  const [, place, name = ''] = request.url.split('/')
  if (place === 'wire') return serveWire(request, response, name)
  const handler = endpoint(request.url)
  if (handler !== undefined) return handler(request, response)
  response.writeHead(404).end()
})
services.on('session', (session) => session.on('error', () => {}))

const control = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://control')
  const [server = '', name = ''] = [searchParams.get('server') ?? '', searchParams.get('name') ?? '']
  if (pathname === '/open') memory.openGate(server, name)
  response.end(String(memory.counted(server, name)))
})

control.keepAliveTimeout = 600_000

services.listen(0, '127.0.0.1', () => {
  console.log(`services http://127.0.0.1:${(services.address() as AddressInfo).port}`)
  control.listen(0, '127.0.0.1', () => {
    console.log(`control http://127.0.0.1:${(control.address() as AddressInfo).port}`)
  })
})
