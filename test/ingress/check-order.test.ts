import t from 'tap'
import { type Ask, ask, isIngressError, jsonType, startIngress } from './fixture.ts'

const awakeable = 'sign_1ntIHlSdLzmDIGvQLnkYZ6wW0C_6t6bLEAAAAEQ'
const wrongType = { headers: { 'content-type': 'text/plain' }, body: 'x' }

t.test('the first check that fails is the one that answers', async (t) => {
  await using ingress = await startIngress()
  const table: readonly (readonly [path: string, request: Ask, status: number, text: RegExp])[] = [
    // Path, service, rest of the path, handler, public, deployment.
    ['/Svc', { method: 'PUT' }, 400, /no path/],
    ['/Nope/x/y/z', { method: 'PUT' }, 404, /no service/],
    ['/Svc/nope/what', { method: 'PUT' }, 400, /expected/],
    ['/Svc/nope', { method: 'PUT' }, 404, /no handler/],
    ['/Private/nope', {}, 404, /no handler/],
    ['/Private/h', { method: 'PUT' }, 400, /not public/],
    ['/Svc/hidden', { method: 'PUT' }, 400, /not public/],
    ['/Svc/hidden/send', {}, 400, /not public/],
    ['/Old/h', { method: 'PUT' }, 400, /too old/],
    // Idempotency key, scope, method.
    ['/Wf/w/run', { method: 'PUT', headers: { 'idempotency-key': 'a' } }, 400, /idempotency-key/],
    ['/Wf/w/run/send', { headers: { 'idempotency-key': '' } }, 400, /idempotency-key/],
    ['/restate/scope/s/call/Wf/w/run', { headers: { 'idempotency-key': 'a' } }, 400, /idempotency-key/],
    ['/restate/scope/s%201/call/Svc/echo', { method: 'PUT' }, 400, /characters/],
    [`/restate/scope/${'a'.repeat(37)}/call/Svc/echo`, {}, 400, /37 bytes/],
    ['/restate/scope//call/Svc/echo', {}, 400, /empty/],
    ['/restate/scope/s/call/Svc/echo', { method: 'PUT' }, 400, /not supported/],
    ['/restate/scope/s/send/Obj/k/add', {}, 400, /not supported/],
    ['/restate/scope/s/call/Nope/echo', {}, 404, /no service/],
    ['/Svc/echo', { ...wrongType, method: 'PUT' }, 405, /PUT/],
    ['/Svc/echo', { method: 'DELETE' }, 405, /DELETE/],
    ['/Svc/echo', { method: 'OPTIONS' }, 405, /OPTIONS/],
    ['/Svc/echo', { method: 'PROPFIND' }, 405, /PROPFIND/],
    // Body, delay, limit key, header values, delay on a call.
    ['/Svc/echo?delay=x', wrongType, 400, /content-type 'text\/plain'/],
    ['/Svc/echo/send?delay=x', wrongType, 400, /content-type 'text\/plain'/],
    ['/Svc/echo?delay=10x&limit-key=a/b/c', {}, 400, /bad delay/],
    ['/Svc/echo?delay=1s&limit-key=a/b/c', {}, 400, /two levels/],
    ['/Svc/echo?delay=1s', {}, 400, /a call takes no delay/],
    ['/Svc/echo', { headers: { 'x-restate-limit-key': 't1' } }, 400, /needs a scope/],
    ['/Svc/echo?Limit-Key=t1/u1/', {}, 400, /needs a scope/],
    ['/Svc/echo?limit-key=/', {}, 400, /empty/],
    ['/Svc/echo?limit-key=a%20b', {}, 400, /characters/],
    ['/Svc/echo?limit-key=a%20b', { headers: { 'x-restate-limit-key': '' } }, 200, /^$/],
    // The other routes.
    ['/restate/foo', { method: 'PUT' }, 404, /nothing/],
    ['/openapi/x', {}, 404, /nothing/],
    ['/restate/attach/inv_1', {}, 400, /bad invocation id/],
    ['/restate/invocation/inv_1/attach', { method: 'GET' }, 400, /bad length/],
    ['/restate/output/foo', { method: 'GET' }, 400, /bad format/],
    ['/restate/output/inv_abcdef', { method: 'GET' }, 400, /codec version/],
    ['/restate/output/dp_1k8FqCmCcVQcGKH5mBVxHZK', { method: 'GET' }, 400, /expected type/],
    ['/restate/invocation/foo/output', {}, 400, /bad format/],
    ['/restate/attach', { method: 'GET' }, 405, /use POST/],
    ['/restate/lookup', { method: 'GET' }, 405, /use POST/],
    ['/restate/workflow/Wf/w/output', {}, 405, /use GET/],
    ['/restate/invocation/Svc/echo/k/output', {}, 405, /use GET/],
    ['/restate/health', {}, 405, /use GET/],
    ['/restate/a/foo/resolve', {}, 400, /bad awakeable id 'foo'/],
    ['/restate/a/foo/resolve', { method: 'GET' }, 405, /use POST/],
    ['/restate/awakeables/sign_1foo/reject', {}, 400, /bad awakeable id/],
    [`/restate/a/${awakeable}/zap`, {}, 404, /nothing/],
    [`/restate/a/${awakeable}`, {}, 400, /expected/],
    [`/restate/a/${awakeable}/resolve`, { method: 'GET' }, 405, /use POST/],
    [`/restate/a/${awakeable}/reject`, { method: 'PUT' }, 405, /use POST/],
  ]
  for (const [path, request, status, text] of table) {
    const reply = await ask(ingress, path, request)
    const what = `${request.method ?? 'POST'} ${path}`
    t.equal(reply.status, status, what)
    if (status === 200) continue
    t.ok(isIngressError(reply, status), what)
    t.match(reply.json, { message: text }, what)
  }
  t.equal(ingress.partition.requests.length, 1, 'and nothing was created')
})

t.test('HEAD is 405 everywhere, without a body', async (t) => {
  await using ingress = await startIngress()
  for (const path of ['/Svc/echo', '/restate/health']) {
    const reply = await ask(ingress, path, { method: 'HEAD' })
    t.equal(reply.status, 405)
    t.equal(reply.body, '')
    t.equal(reply.headers['x-restate-error-source'], 'ingress')
  }
})

t.test('health names all services', async (t) => {
  await using ingress = await startIngress()
  const reply = await ask(ingress, '/restate/health', { method: 'GET' })
  t.equal(reply.status, 200)
  t.equal(reply.headers['content-type'], 'application/json')
  t.strictSame(servicesOf(reply.json), ['Obj', 'Old', 'Private', 'Svc', 'Wf', 'my.svc-2'])
})

t.test('OPTIONS without allowed origins is a method like any other', async (t) => {
  await using ingress = await startIngress()
  const headers = { origin: 'http://a.example', 'access-control-request-method': 'POST' }
  for (const [path, status] of [
    ['/Svc/echo', 405],
    ['/Nope/x', 404],
    ['/', 400],
  ] as const) {
    const reply = await ask(ingress, path, { method: 'OPTIONS', headers })
    t.equal(reply.status, status, path)
    t.notOk(Object.keys(reply.headers).some((name) => name.startsWith('access-control-')))
  }
  const call = await ask(ingress, '/Svc/echo', { headers: { ...jsonType, ...headers }, body: '1' })
  t.equal(call.status, 200)
  t.equal(call.headers['access-control-allow-origin'], undefined)
  t.equal(call.headers.vary, undefined)
})

function servicesOf(json: unknown): unknown[] {
  const services = typeof json === 'object' && json !== null && 'services' in json ? json.services : undefined
  return Array.isArray(services) ? services.sort() : []
}
