import { once } from 'node:events'
import { createServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { Test } from 'tap'

/** What a block of a resource may contain; `true`: required. Values are types as Terraform writes them in JSON. */
export interface BlockSchema {
  readonly required?: Readonly<Record<string, unknown>>
  readonly optional?: Readonly<Record<string, unknown>>
  /** Set by the provider, there to be referred to. */
  readonly computed?: Readonly<Record<string, unknown>>
  readonly blocks?: Readonly<Record<string, BlockSchema>>
}

export interface ProviderSchema {
  readonly provider: BlockSchema
  readonly resources: Readonly<Record<string, BlockSchema>>
}

/**
 * A Terraform provider that knows the shapes of resources and can do nothing with them: enough for `terraform validate`
 * without the registry. Speaks version 5 of the plugin protocol (tfplugin5.proto) over gRPC on loopback. Resolves to
 * the environment in which Terraform uses it.
 */
export async function startStandInProvider(
  t: Test,
  source: string,
  schema: ProviderSchema,
): Promise<Record<string, string>> {
  const server = createServer()
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('sessionError', () => {})
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {})
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => answer(stream, String(headers[':path']), Buffer.concat(chunks), schema))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const attached = {
    Protocol: 'grpc',
    ProtocolVersion: 5,
    Pid: process.pid,
    Test: true,
    Addr: { Network: 'tcp', String: address },
  }
  return { TF_REATTACH_PROVIDERS: JSON.stringify({ [source]: attached }) }
}

function answer(stream: ServerHttp2Stream, path: string, request: Buffer, schema: ProviderSchema): void {
  // Streams of the plumbing end when Terraform leaves.
  if (stream.destroyed) return
  const message = messageFor(path, request.subarray(5), schema)
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  // 12: unimplemented, as the plumbing between Terraform and plugins may be.
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': message === undefined ? '12' : '0' }))
  if (message === undefined) {
    stream.end()
    return
  }
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(message.length, 1)
  stream.end(Buffer.concat([prefix, message]))
}

function messageFor(path: string, request: Buffer, schema: ProviderSchema): Buffer | undefined {
  switch (path) {
    case '/tfplugin5.Provider/GetSchema':
      return Buffer.concat([
        bytes(1, schemaOf(schema.provider)),
        ...Object.entries(schema.resources).map(([name, block]) =>
          bytes(2, Buffer.concat([text(1, name), bytes(2, schemaOf(block))])),
        ),
      ])
    case '/tfplugin5.Provider/PrepareProviderConfig':
      // The configuration as it came: request and answer have it in the same place.
      return request
    case '/tfplugin5.Provider/ValidateResourceTypeConfig':
    case '/tfplugin5.Provider/Stop':
      return Buffer.alloc(0)
    default:
      return undefined
  }
}

function schemaOf(block: BlockSchema): Buffer {
  return bytes(2, blockOf(block))
}

const listNesting = 2

function blockOf({ required = {}, optional = {}, computed = {}, blocks = {} }: BlockSchema): Buffer {
  const attributes = [
    ...Object.entries(required).map(([name, type]) => attribute(name, type, 4)),
    ...Object.entries(optional).map(([name, type]) => attribute(name, type, 5)),
    ...Object.entries(computed).map(([name, type]) => attribute(name, type, 6)),
  ]
  const nested = Object.entries(blocks).map(([name, block]) =>
    bytes(3, Buffer.concat([text(1, name), bytes(2, blockOf(block)), flag(3, listNesting)])),
  )
  return Buffer.concat([...attributes, ...nested])
}

function attribute(name: string, type: unknown, kindField: number): Buffer {
  return bytes(2, Buffer.concat([text(1, name), text(2, JSON.stringify(type)), flag(kindField, 1)]))
}

function text(field: number, value: string): Buffer {
  return bytes(field, Buffer.from(value))
}

function bytes(field: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([field * 8 + 2]), varint(value.length), value])
}

function flag(field: number, value: number): Buffer {
  return Buffer.concat([Buffer.from([field * 8]), varint(value)])
}

function varint(value: number): Buffer {
  const out: number[] = []
  let rest = value
  while (rest > 127) {
    out.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  return Buffer.from([...out, rest])
}
