import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { referenceMessage } from '../../protocol/reference-schema.ts'
import { contentHandlers } from './content-handlers.ts'
import { hasFault, httpFaults } from './http-faults.ts'

/**
 * A service that speaks the wire by hand, in request/response mode, for what the TypeScript SDK has no words for. The body
 * of a call is the target of AttachInvocation or GetInvocationOutput, with the names of the fields of the protocol. Handlers
 * that are named as a fault have it; if it is over, they answer with an empty result. Those of `contentHandlers` answer with their input.
 */
const wireHandlers = ['attach', 'output', 'endWithoutOutput', ...Object.keys(httpFaults)]

const types = {
  Suspension: 0x0001,
  End: 0x0003,
  Input: 0x0400,
  Output: 0x0401,
  Run: 0x0411,
  AttachInvocation: 0x0412,
  GetInvocationOutput: 0x0413,
}

function wireManifest(name: string) {
  const handlers = [
    ...wireHandlers.map((handler) => ({ name: handler, input: { contentType: '*/*' } })),
    ...Object.entries(contentHandlers).map(([handler, content]) => ({ name: handler, ...content })),
  ]
  return {
    protocolMode: 'REQUEST_RESPONSE',
    minProtocolVersion: 5,
    maxProtocolVersion: 6,
    services: [
      {
        name,
        ty: 'SERVICE',
        handlers,
        retryPolicyInitialInterval: 50,
        retryPolicyMaxAttempts: 2,
        retryPolicyOnMaxAttempts: 'PAUSE',
      },
    ],
  }
}

/** Answers discovery and attempts below its path. */
export function serveWire(request: Http2ServerRequest, response: Http2ServerResponse, name: string): void {
  if (request.url.endsWith('/discover')) {
    response.writeHead(200, { 'content-type': 'application/vnd.restate.endpointmanifest.v4+json' })
    response.end(JSON.stringify(wireManifest(name)))
    return
  }
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const handler = request.url.split('/').at(-1) ?? ''
    if (hasFault(handler, request, response)) return
    response.writeHead(200, { 'content-type': String(request.headers['content-type']) })
    response.end(Buffer.concat(answer(handler, framesOf(Buffer.concat(chunks)))))
  })
}

interface Frame {
  readonly type: number
  readonly payload: Buffer
}

function framesOf(bytes: Buffer): Frame[] {
  const frames: Frame[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at + 4)
    frames.push({ type: bytes.readUInt16BE(at), payload: bytes.subarray(at + 8, end) })
    at = end
  }
  return frames
}

function frame(type: number, message: string, fields: Record<string, unknown>): Buffer {
  const schema = referenceMessage(message)
  const payload = toBinary(schema, create(schema, fields))
  const header = Buffer.alloc(8)
  header.writeUInt16BE(type, 0)
  header.writeUInt32BE(payload.length, 4)
  return Buffer.concat([header, payload])
}

function answer(handler: string, frames: readonly Frame[]): Buffer[] {
  const end = frame(types.End, 'End', {})
  if (handler === 'endWithoutOutput') return [frame(types.Run, 'Run', { resultCompletionId: 1 }), end]
  if (httpFaults[handler] !== undefined)
    return [frame(types.Output, 'Output', { result: { case: 'value', value: {} } }), end]
  const completion = frames.find(({ type }) => type >= 0x8000)
  if (completion !== undefined) {
    const result = resultOf(completion.payload)
    return [frame(types.Output, 'Output', { result: { case: 'value', value: { content: result } } }), end]
  }
  const input = frames.find(({ type }) => type === types.Input)
  if (contentHandlers[handler] !== undefined) {
    const content = bytesOf(fields(input?.payload ?? Buffer.alloc(0), 'Input').value)
    return [frame(types.Output, 'Output', { result: { case: 'value', value: { content } } }), end]
  }
  const command = handler === 'attach' ? 'AttachInvocation' : 'GetInvocationOutput'
  return [
    frame(types[command], command, {
      target: targetOf(inputOf(input?.payload ?? Buffer.alloc(0))),
      resultCompletionId: 1,
    }),
    frame(types.Suspension, 'Suspension', { waitingCompletions: [1] }),
  ]
}

function inputOf(payload: Buffer): Record<string, unknown> {
  const { value } = fields(payload, 'Input')
  return JSON.parse(Buffer.from(bytesOf(value)).toString())
}

function targetOf(target: Record<string, unknown>) {
  const [name = '', value] = Object.entries(target)[0] ?? []
  return { case: name, value }
}

/** What the completion says, as JSON. */
function resultOf(payload: Buffer): Buffer {
  const { result } = fields(payload, 'Notification')
  if (!isOneof(result)) return Buffer.from('"no result"')
  switch (result.case) {
    case 'value':
      return Buffer.from(bytesOf(result.value))
    case 'failure': {
      const { code, message } = Object(result.value)
      return Buffer.from(JSON.stringify({ code, message }))
    }
    default:
      return Buffer.from(JSON.stringify(result.case))
  }
}

function fields(payload: Buffer, message: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fromBinary(referenceMessage(message), payload)))
}

function isOneof(value: unknown): value is { case: string; value: unknown } {
  return typeof value === 'object' && value !== null && 'case' in value && 'value' in value
}

/** Content of a `Value` message. */
function bytesOf(value: unknown): Uint8Array {
  const content: unknown = Object(value).content
  return content instanceof Uint8Array ? content : new Uint8Array()
}
