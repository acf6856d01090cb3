import { request } from 'node:http'
import { connect, constants } from 'node:http2'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { formatAdminError } from '../../src/admin/error-answer.ts'
import { adminTarget } from '../../src/admin/target.ts'
import { hostGuard } from '../../src/listen/host-guard.ts'
import { createListener } from '../../src/listen/listener.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { listenerConfig, testAdmin } from './admin-app.ts'
import { HANGING_URI } from './fake-registry.ts'

const quiet = createLogger({ logFilter: 'off', logFormat: 'json', logDisableAnsiCodes: true }, { write: () => {} })

async function listeningAdmin() {
  const listener = createListener('admin', listenerConfig('tcp', '/unused'), quiet, {
    formatError: formatAdminError,
    routedTarget: adminTarget,
  })
  listener.app.addHook('onRequest', hostGuard([]))
  const admin = testAdmin({}, undefined, listener.app)
  const [address] = await listener.start()
  return { listener, admin, url: address?.url ?? '' }
}

t.test('a registration stops when its client goes', async (t) => {
  const { listener, admin, url } = await listeningAdmin()
  await using _closed = listener
  const client = request(`${url}/deployments`, { method: 'POST', headers: { 'content-type': 'application/json' } })
  client.on('error', () => {})
  client.end(JSON.stringify({ uri: HANGING_URI }))
  while (admin.registry.requests.length === 0) await delay(5)
  client.destroy()
  while (admin.log.info.length === 0) await delay(5)
  t.match(admin.log.info, [
    { action: 'deployment.register', result: 'refused', status: 499, errorCode: 'PERDURE_ERR_ADMIN_CLIENT_GONE' },
  ])
})

t.test('a registration and a query stop when their streams are reset', async (t) => {
  const listener = createListener('admin', listenerConfig('tcp', '/unused'), quiet, {
    formatError: formatAdminError,
    routedTarget: adminTarget,
  })
  await using _closed = listener
  const signals: (AbortSignal | undefined)[] = []
  const query = {
    run: (_sql: string, _format: unknown, signal?: AbortSignal) => {
      signals.push(signal)
      return new Promise<never>((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    },
  }
  const admin = testAdmin({ query }, undefined, listener.app)
  const [address] = await listener.start()
  const session = connect(address?.url ?? '')
  t.teardown(() => session.destroy())
  const post = (path: string, body: unknown) => {
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/json' })
    stream.on('error', () => {})
    return stream.end(JSON.stringify(body))
  }
  const streams = [post('/deployments', { uri: HANGING_URI }), post('/query', { query: 'SELECT 1' })]
  await eventually(() => admin.registry.requests.length === 1 && signals.length === 1)
  for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL)
  await eventually(() => admin.log.info.length === 1 && signals[0]?.aborted === true)
  t.match(admin.log.info, [{ action: 'deployment.register', errorCode: 'PERDURE_ERR_ADMIN_CLIENT_GONE' }])
  t.equal(signals[0]?.aborted, true)
  t.equal(session.closed, false)
})

async function eventually(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 6000 && !condition(); i++) await delay(5)
}

t.test('what the guard refuses has the shape of this API, and a refused write is in the audit log', async (t) => {
  const { listener, admin, url } = await listeningAdmin()
  await using _closed = listener
  for (const [path, method] of [
    ['/deployments', 'GET'],
    ['/deployments', 'POST'],
    ['/deployments', 'PUT'],
    ['/nope', 'GET'],
  ]) {
    const response = await fetch(`${url}${path}`, {
      method: method ?? 'GET',
      headers: { origin: 'https://evil.example' },
    })
    t.equal(response.status, 403, `${method} ${path}`)
    t.match(response.headers.get('content-type'), /^application\/json/)
    t.match(await response.json(), { message: /origin/, restate_code: null })
  }
  t.match(admin.log.info, [{ action: 'deployment.register', result: 'refused', status: 403 }])
  t.equal(admin.log.info.length, 1)
})

t.test('a path that cannot be decoded', async (t) => {
  const { listener, url } = await listeningAdmin()
  await using _closed = listener
  const response = await fetch(`${url}/services/%zz`)
  t.equal(response.status, 400)
  t.match(await response.json(), { message: String, restate_code: null })
})

t.test('long service names are names', async (t) => {
  const { listener, url } = await listeningAdmin()
  await using _closed = listener
  const name = 'S'.repeat(2000)
  const response = await fetch(`${url}/services/${name}`)
  t.equal(response.status, 404)
  t.match(await response.json(), { message: `The requested service '${name}' does not exist` })
})
