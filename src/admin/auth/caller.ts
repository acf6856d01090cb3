import type { FastifyRequest } from 'fastify'
import type { AdminRole } from '../../config/config.ts'
import { arrivedOnUnixSocket } from '../../listen/unix-peers.ts'

/** Who has sent a request. */
export interface Caller {
  readonly role: AdminRole
  /** For the audit log: `token ci`, `unix socket`, `loopback peer`. */
  readonly name: string
}

/** Where a request came from, for the audit log. */
export interface Origin {
  readonly peer: 'unix' | 'tcp'
  readonly remoteAddress?: string | undefined
}

interface Known {
  readonly caller: Caller
  readonly origin: Origin
}

/** By the request below Fastify's, of which there is one however often Fastify's is wrapped. */
const known = new WeakMap<object, Known>()

/** Also keeps where the request came from: a connection that is closed tells it no more, and a write may end after that. */
export function setCaller(request: FastifyRequest, caller: Caller): void {
  known.set(request.raw, { caller, origin: currentOrigin(request) })
}

/** `undefined` where nobody was asked, on routes that are for everybody. */
export function callerOf(request: FastifyRequest): Caller | undefined {
  return known.get(request.raw)?.caller
}

export function originOf(request: FastifyRequest): Origin {
  return known.get(request.raw)?.origin ?? currentOrigin(request)
}

function currentOrigin({ raw }: FastifyRequest): Origin {
  return arrivedOnUnixSocket(raw) ? { peer: 'unix' } : { peer: 'tcp', remoteAddress: raw.socket.remoteAddress }
}

/** The least there is where nobody was asked. */
export function roleOf(request: FastifyRequest): AdminRole {
  return callerOf(request)?.role ?? 'read-only'
}
