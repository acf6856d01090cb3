import { createHash } from 'node:crypto'
import type { HTTPMethods } from 'fastify'
import t from 'tap'
import { registerIngressDoor } from '../../src/admin/ingress-door.ts'
import type { AdminRole } from '../../src/config/config.ts'
import { adminFastify, testAdmin, testAuth } from './admin-app.ts'

const roles = ['read-only', 'operator', 'admin'] as const
const hashOf = (token: string) => `sha256:${createHash('sha256').update(token).digest('hex')}`

/**
 * Who needs which role, written here once more: a route that is opened to more people has to be opened in two places. What is not here
 * is for admins.
 */
const operations = ['cancel', 'kill', 'purge', 'purge-journal', 'pause', 'resume', 'restart-as-new']
const forReaders = [
  'GET /version',
  'GET /cluster-health',
  'GET /openapi',
  'GET /deployments',
  'GET /deployments/:deployment',
  'GET /services',
  'GET /services/:service',
  'GET /services/:service/openapi',
  'GET /services/:service/handlers',
  'GET /services/:service/handlers/:handler',
  'GET /invocations/:invocation',
  'GET /invocations/:invocation/journal',
  'GET /subscriptions',
  'GET /subscriptions/:subscription',
  'GET /kafka-clusters',
  'GET /kafka-clusters/:cluster',
  'POST /query',
]
const forOperators = [
  'DELETE /invocations/:invocation',
  'POST /services/:service/state',
  'POST /internal/services/:service/serdes/decode/*',
  'POST /internal/services/:service/serdes/encode/*',
  ...operations.flatMap((name) => [
    `PATCH /invocations/:invocation/${name}`,
    `POST /internal/invocations_batch_operations/${name}`,
  ]),
]
const withEveryMethod: Readonly<Record<string, AdminRole>> = {
  '/ingress': 'operator',
  '/v1': 'read-only',
  '/v1/*': 'read-only',
}

function expected(method: string, route: string): AdminRole | undefined {
  const name = `${method === 'HEAD' ? 'GET' : method} ${route}`
  if (name === 'GET /health') return undefined
  if (forReaders.includes(name)) return 'read-only'
  return forOperators.includes(name) ? 'operator' : (withEveryMethod[route] ?? 'admin')
}

t.test('every route asks for its role, with every method', async (t) => {
  const app = adminFastify()
  const routes: { readonly method: HTTPMethods; readonly url: string }[] = []
  app.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) routes.push({ method: each as HTTPMethods, url })
  })
  const auth = testAuth({ tokens: Object.fromEntries(roles.map((role) => [role, { role, hash: hashOf(role) }])) })
  await using _admin = testAdmin({ auth }, undefined, app)
  registerIngressDoor(app, { addresses: () => [], maxConnections: 1, keptBack: [], log: { info() {}, error() {} } })
  await app.ready()

  const seen = new Set<string>()
  for (const [at, { method, url }] of routes.entries()) {
    // Node gives CONNECT to nobody, and light-my-request does not know all the others.
    if (!['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].includes(method)) continue
    // A version changes nothing about who may; each route is asked under one of them, and some under none.
    const prefix = Object.hasOwn(withEveryMethod, url) ? '' : ['', '/v2', '/v3', '/v4'][at % 4]
    const path = prefix + url.replaceAll(/:[a-z]+/g, 'x').replaceAll('*', 'x')
    const ask = async (token: string | undefined) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
      return (await app.inject({ method: method as 'GET', url: path, headers })).statusCode
    }
    const needed = expected(method, url)
    seen.add(`${method} ${url}`)
    const name = `${method} ${url}`
    if (needed === undefined) {
      t.equal(await ask(undefined), 200, name)
      continue
    }
    t.equal(await ask(undefined), 401, name)
    t.equal(await ask('no such token'), 401, name)
    for (const role of roles) {
      const mayPass = roles.indexOf(role) >= roles.indexOf(needed)
      // Behind the door there is nothing here that could answer.
      if (mayPass && url === '/ingress') continue
      const status = await ask(role)
      if (mayPass) t.notOk(status === 401 || status === 403, `${name} as ${role}: ${status}`)
      else t.equal(status, 403, `${name} as ${role}`)
    }
  }
  for (const name of [...forReaders, ...forOperators]) {
    t.ok(seen.has(name), `${name} exists`)
  }
})
