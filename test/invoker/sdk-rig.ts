import { once } from 'node:events'
import { createServer as createHttp1Server } from 'node:http'
import { createServer, type Http2Server } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import * as restate from '@restatedev/restate-sdk'
import type { Test } from 'tap'
import type { ServiceRecord } from '../../src/core/deployment.ts'
import type { Invocation } from '../../src/core/invocation.ts'
import { Invoker } from '../../src/invoker/invoker.ts'
import { CoreHost } from './core-host.ts'
import { defaults, deployment, invokerConfig, silentLog } from './samples.ts'

export type Kind = 'both ways' | 'request/response' | 'HTTP/1.1'

export interface SdkRig {
  readonly host: CoreHost
  readonly invoker: Invoker
  /** HTTP/2 connections that the service has seen. */
  sessions(): number
}

type Definitions = NonNullable<Parameters<typeof restate.createEndpointHandler>[0]['services']>

/** Services of the official SDK on a real socket, an invoker, and the core without a log. */
export async function startSdk(
  t: Test,
  kind: Kind,
  definitions: Definitions,
  records: readonly ServiceRecord[],
  more: { readonly config?: Parameters<typeof invokerConfig>[0] } = {},
): Promise<SdkRig> {
  const bidirectional = kind === 'both ways'
  const endpoint = { services: definitions, bidirectional, logger: () => undefined }
  let sessions = 0
  let server: Http2Server | Server
  if (kind === 'HTTP/1.1') {
    server = createHttp1Server(restate.createEndpointHandler(endpoint))
  } else {
    const http2Server = createServer(restate.createEndpointHandler(endpoint))
    http2Server.on('session', () => sessions++)
    server = http2Server
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const host = new CoreHost()
  host.state.schema.put(
    deployment(`http://127.0.0.1:${port}/`, {
      protocolMode: bidirectional ? 'BIDI_STREAM' : 'REQUEST_RESPONSE',
      httpVersion: kind === 'HTTP/1.1' ? 'HTTP/1.1' : 'HTTP/2.0',
      services: records,
    }),
  )
  const { schema } = host.state
  const invoker = new Invoker({ schema, host, config: invokerConfig(more.config), defaults, log: silentLog })
  host.runner = invoker
  t.teardown(async () => {
    host.close()
    await invoker.close()
    server.close()
  })
  return { host, invoker, sessions: () => sessions }
}

export function resultOf({ result }: Invocation): unknown {
  if (result?.kind !== 'value') return result
  return JSON.parse(Buffer.from(result.value).toString())
}

export function kindsOf({ journal }: Invocation): string[] {
  return journal.map((entry) => (entry.kind === 'input' ? 'input' : entry.type.toString(16)))
}
