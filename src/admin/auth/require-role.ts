import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { AdminNoToken, AdminRoleTooLow } from '../../errors/admin.ts'
import { PerdureError } from '../../errors/perdure-error.ts'
import { LogThrottle } from '../../listen/log-throttle.ts'
import { type AdminLog, auditWrite } from '../audit.ts'
import { errorAnswer } from '../error-answer.ts'
import type { AdminAuth } from './admin-auth.ts'
import { setCaller } from './caller.ts'
import { mayDo } from './roles.ts'
import { accessOf } from './route-roles.ts'

/**
 * A Fastify `onRequest` hook: 401 for who cannot be known, 403 for who may not do this, before a body is read. Everything behind it
 * finds the caller with `callerOf`.
 */
export function requireRole(auth: AdminAuth, log: AdminLog): onRequestHookHandler {
  const { counts } = auth
  const throttle = new LogThrottle()
  let unlogged = 0

  const unknown = (error: PerdureError, request: FastifyRequest, reply: FastifyReply): void => {
    const isMissing = error instanceof AdminNoToken
    counts[isMissing ? 'missing' : 'refused']++
    unlogged++
    if (throttle.allows()) {
      log.info({
        event: 'admin-authentication-failed',
        reason: error.message,
        path: pathOf(request),
        remoteAddress: request.raw.socket.remoteAddress,
        failures: unlogged,
      })
      unlogged = 0
    }
    reply.header('www-authenticate', `Bearer realm="admin"${isMissing ? '' : ', error="invalid_token"'}`)
    answer(error, reply)
  }

  return (request, reply, done) => {
    const access = accessOf(request.method, request.routeOptions.url)
    if (access === 'anyone') {
      done()
      return
    }
    const caller = auth.identify(request.raw)
    if (caller instanceof PerdureError) {
      unknown(caller, request, reply)
      return
    }
    setCaller(request, caller)
    if (mayDo(caller.role, access)) {
      counts.accepted++
      done()
      return
    }
    counts.forbidden++
    const error = new AdminRoleTooLow(`this needs the role ${access}, and ${caller.name} has ${caller.role}`)
    // Not throttled: it is known who did it.
    auditWrite(log, request, {
      action: 'forbidden',
      status: error.status,
      errorCode: error.code,
      details: { method: request.method, neededRole: access },
    })
    answer(error, reply)
  }
}

function answer(error: PerdureError, reply: FastifyReply): void {
  const known = errorAnswer(error)
  const body = known !== undefined && 'json' in known ? known.json : { message: error.message, restate_code: null }
  reply
    .code(error.status)
    .header('content-type', 'application/json')
    .send(Buffer.from(JSON.stringify(body)))
}

function pathOf(request: FastifyRequest): string | undefined {
  return request.originalUrl.split('?', 1)[0]
}
