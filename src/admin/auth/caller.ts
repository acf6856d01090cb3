import type { FastifyRequest } from 'fastify'
import type { AdminRole } from '../../config/config.ts'

/** Who has sent a request. */
export interface Caller {
  readonly role: AdminRole
  /** For the audit log: `token ci`, `unix socket`, `loopback peer`. */
  readonly name: string
}

/** By the request below Fastify's, of which there is one however often Fastify's is wrapped. */
const callers = new WeakMap<object, Caller>()

export function setCaller(request: FastifyRequest, caller: Caller): void {
  callers.set(request.raw, caller)
}

/** `undefined` where nobody was asked, on routes that are for everybody. */
export function callerOf(request: FastifyRequest): Caller | undefined {
  return callers.get(request.raw)
}

/** The least there is where nobody was asked. */
export function roleOf(request: FastifyRequest): AdminRole {
  return callerOf(request)?.role ?? 'read-only'
}
