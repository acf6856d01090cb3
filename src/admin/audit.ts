import type { FastifyRequest } from 'fastify'
import { callerOf, originOf } from './auth/caller.ts'
import type { AuditDetails } from './operation.ts'

/** What admin needs of a logger; pino's has it. */
export interface AdminLog {
  info(fields: { readonly event: string; readonly [field: string]: unknown }): void
  error(fields: { readonly event: string; readonly [field: string]: unknown }): void
}

/** One write through the admin API, for the audit log. */
export interface AuditedWrite {
  readonly action: string
  readonly status: number
  /** Our code of the error, where the write was refused. */
  readonly errorCode?: string | undefined
  readonly details?: AuditDetails | undefined
}

/** Writes the audit line of a write: who (the name of the token, or what else is known), from where, what, and how it ended. */
export function auditWrite(log: AdminLog, request: FastifyRequest, write: AuditedWrite): void {
  const caller = callerOf(request)
  log.info({
    event: 'admin-write',
    action: write.action,
    path: request.originalUrl.split('?', 1)[0],
    ...(caller === undefined ? {} : { caller: caller.name, role: caller.role }),
    ...originOf(request),
    userAgent: request.headers['user-agent'],
    result: write.status < 400 ? 'done' : 'refused',
    status: write.status,
    ...(write.errorCode === undefined ? {} : { errorCode: write.errorCode }),
    ...write.details,
  })
}
