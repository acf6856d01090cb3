import t from 'tap'
import { isInvocationId } from '../../src/protocol/ids/invocation-id.ts'
import { keepRunning } from './fake-partition.ts'
import { ask, askJson, dayMs, isIngressError, jsonType, serverConfig, startIngress } from './fixture.ts'
import { deployment, handler, output, service } from './services.ts'

t.test('a call answers with what the handler gave', async (t) => {
  await using ingress = await startIngress()
  for (const path of ['/Svc/echo', '/restate/call/Svc/echo', '/Obj/k/add', '/restate/call/Obj/k/add', '/Wf/w/run']) {
    for (const method of ['POST', 'GET']) {
      const reply = await ask(ingress, path.replace('/w/', `/w-${method}/`), {
        method,
        headers: jsonType,
        body: '{"a":1}',
      })
      t.equal(reply.status, 200, `${method} ${path}`)
      t.equal(reply.body, '{"a":1}')
      t.equal(reply.headers['content-type'], 'application/json')
      t.equal(reply.headers['content-length'], '7')
      t.equal(reply.headers['x-restate-id'], ingress.partition.last.id)
      t.ok(isInvocationId(ingress.partition.last.id))
      t.equal(reply.headers['idempotency-expires'], undefined)
      t.equal(reply.headers['x-restate-error-source'], undefined)
      t.equal(reply.headers['access-control-allow-origin'], undefined)
    }
  }
})

t.test('what the partition is given', async (t) => {
  await using ingress = await startIngress()
  await ask(ingress, '/restate/call/Obj/a%2Fb/add/?token=secret', {
    headers: { ...jsonType, 'Idempotency-Key': 'ik 1', Authorization: 'Bearer x', accept: '*/*' },
    body: '5',
  })
  const { id, headers, ...request } = ingress.partition.last
  t.match(id, /^inv_1/)
  t.strictSame(
    headers.filter(([name]) => name !== 'user-agent'),
    [
      ['x-restate-ingress-path', '/restate/call/Obj/a%2Fb/add'],
      ['content-type', 'application/json'],
      ['accept', '*/*'],
    ],
  )
  t.strictSame(request, {
    target: { service: 'Obj', serviceType: 'VirtualObject', key: 'a/b', handler: 'add', handlerType: 'Exclusive' },
    source: { kind: 'ingress' },
    body: new Uint8Array(Buffer.from('5')),
    idempotencyKey: 'ik 1',
    executionTime: undefined,
    completionRetentionMs: dayMs,
    journalRetentionMs: dayMs,
  })
  t.equal(ingress.metrics.headersDropped.sensitive, 1)
})

t.test('the query string is journaled when the configuration says so', async (t) => {
  await using ingress = await startIngress(serverConfig({ journalQueryString: true }))
  await askJson(ingress, '/Svc/echo/?a=1&b=%20', 1)
  t.strictSame(ingress.partition.last.headers[0], ['x-restate-ingress-path', '/Svc/echo?a=1&b=%20'])
})

t.test('calls without an idempotency key get one, but not those of workflows', async (t) => {
  await using ingress = await startIngress()
  const ulid = /^[0-9A-HJKMNP-TV-Z]{26}$/
  for (const path of ['/Svc/echo', '/Svc/echo/send', '/Obj/k/add', '/Obj/k/peek']) {
    await askJson(ingress, path, 1)
    const { idempotencyKey, completionRetentionMs, fresh } = ingress.partition.last
    t.match(idempotencyKey, ulid, path)
    t.equal(completionRetentionMs, dayMs)
    t.equal(fresh, true)
  }
  const [first, second] = ingress.partition.requests
  t.not(first?.idempotencyKey, second?.idempotencyKey)
  t.not(first?.id, second?.id)

  await askJson(ingress, '/Wf/w/status', 1)
  t.equal(ingress.partition.last.idempotencyKey, undefined)
  t.equal(ingress.partition.last.fresh, true)
  const shared = ingress.partition.last.id
  await askJson(ingress, '/Wf/w/status', 1)
  t.not(ingress.partition.last.id, shared, 'each one is its own')
  await askJson(ingress, '/Wf/w/run', 1)
  t.equal(ingress.partition.last.idempotencyKey, undefined)
  t.equal(ingress.partition.last.fresh, undefined)
})

t.test('an idempotency key names one invocation of one handler of one key', async (t) => {
  await using ingress = await startIngress()
  const idOf = async (path: string, key: string) =>
    (await askJson(ingress, path, 'x', { 'idempotency-key': key })).headers['x-restate-id']
  const id = await idOf('/Svc/echo', 'a')
  t.equal(await idOf('/restate/call/Svc/echo', 'a'), id)
  t.not(await idOf('/Svc/echo', 'b'), id)
  t.not(await idOf('/Svc/send', 'a'), id)
  t.not(await idOf('/Obj/k/add', 'a'), await idOf('/Obj/k2/add', 'a'))
  t.not(await idOf('/Svc/echo', ''), id, 'an empty one is a key')
  t.equal(ingress.partition.last.idempotencyKey, '')
  t.equal(ingress.partition.last.fresh, undefined)
  t.ok(await idOf('/Wf/w/status', 'a'), 'shared handlers of a workflow take one')
})

t.test('a repeated key: joins what runs, gets what is kept, with its expiry', async (t) => {
  await using ingress = await startIngress()
  const headers = { 'idempotency-key': 'k' }
  ingress.partition.behaviour = keepRunning
  const waiting = [1, 2, 3].map((n) => askJson(ingress, '/Svc/echo', n, headers))
  while (ingress.partition.waitingCallers < 3) await new Promise((resolve) => setTimeout(resolve, 1))
  ingress.partition.complete(ingress.partition.last.id, { kind: 'value', value: Buffer.from('"one"') })
  const replies = await Promise.all(waiting)
  for (const reply of replies) {
    t.equal(reply.body, '"one"')
    t.equal(reply.headers['x-restate-id'], replies[0]?.headers['x-restate-id'])
    t.equal(reply.headers['idempotency-expires'], undefined)
  }
  const later = await askJson(ingress, '/Svc/echo', 'other body', headers)
  t.equal(later.body, '"one"')
  t.equal(later.headers['idempotency-expires'], '2026-11-22T12:00:00.123+00:00')
})

t.test('a time without milliseconds is written without', async (t) => {
  await using ingress = await startIngress()
  ingress.nowMs = Date.UTC(2026, 10, 21)
  const headers = { 'idempotency-key': 'k' }
  await askJson(ingress, '/Svc/echo', 1, headers)
  const again = await askJson(ingress, '/Svc/echo', 1, headers)
  t.equal(again.headers['idempotency-expires'], '2026-11-22T00:00:00+00:00')
})

t.test('a workflow runs once: a second call is a conflict', async (t) => {
  await using ingress = await startIngress()
  const first = await askJson(ingress, '/Wf/w/run', 1)
  t.equal(first.status, 200)
  const second = await askJson(ingress, '/restate/call/Wf/w/run', 2)
  t.equal(second.status, 409)
  t.equal(second.headers['x-restate-error-source'], 'invocation')
  t.equal(second.headers['x-restate-id'], first.headers['x-restate-id'])
  t.strictSame(second.json, {
    code: 409,
    message: 'the workflow method was already invoked',
    source: 'invocation',
  })
  t.equal(second.headers['idempotency-expires'], undefined, 'it is not the result of the run')
  t.equal(first.headers['idempotency-expires'], undefined)

  ingress.partition.behaviour = keepRunning
  const running = askJson(ingress, '/Wf/w2/run', 1)
  while (ingress.partition.waitingCallers < 1) await new Promise((resolve) => setTimeout(resolve, 1))
  t.equal((await askJson(ingress, '/Wf/w2/run', 2)).status, 409)
  ingress.partition.complete(ingress.partition.last.id, { kind: 'value', value: Buffer.from('1') })
  t.equal((await running).body, '1')
})

t.test('content types of inputs', async (t) => {
  await using ingress = await startIngress()
  // json {}, json and empty, no type and empty, no type with body, text with body
  const table: readonly (readonly [handler: string, ...statuses: number[]])[] = [
    ['in-optionalJson', 200, 200, 200, 400, 400],
    ['in-requiredJson', 200, 200, 400, 400, 400],
    ['in-optionalJsonWithSchema', 200, 400, 200, 400, 400],
    ['in-requiredJsonWithSchema', 200, 400, 400, 400, 400],
    ['in-absent', 200, 200, 200, 400, 200],
    ['in-none', 400, 400, 200, 400, 400],
    ['in-requiredAny', 200, 200, 400, 400, 200],
    ['in-text', 400, 400, 400, 400, 200],
    ['in-withParameter', 400, 400, 400, 400, 400],
    ['in-broken', 400, 400, 400, 400, 400],
  ]
  const requests = [
    { headers: jsonType, body: '{}' },
    { headers: jsonType },
    {},
    { body: '{}' },
    { headers: { 'content-type': 'text/plain' }, body: 'x' },
  ]
  for (const [name, ...statuses] of table) {
    for (const [i, request] of requests.entries()) {
      const reply = await ask(ingress, `/Svc/${name}`, request)
      t.equal(reply.status, statuses[i], `${name} with ${JSON.stringify(request)}`)
      if (reply.status === 400) t.ok(isIngressError(reply, 400))
    }
  }
  const types: readonly (readonly [type: string, status: number])[] = [
    ['application/json; charset=utf-8', 200],
    ['application/json;x', 200],
    [' application/json ', 200],
    ['Application/JSON', 400],
    ['application/jsonx', 400],
    ['application', 400],
    ['', 400],
  ]
  for (const [type, status] of types) {
    const reply = await ask(ingress, '/Svc/echo', { headers: { 'content-type': type }, body: '{bad' })
    t.equal(reply.status, status, JSON.stringify(type))
  }
  const odd = await ask(ingress, '/Svc/in-requiredAny', { headers: { 'content-type': 'no-slash' }, body: 'x' })
  t.equal(odd.status, 200, 'any content type is any text')
})

t.test('content types of outputs', async (t) => {
  await using ingress = await startIngress()
  const body = (text: string) => ({ headers: { 'content-type': 'x/y' }, body: text })
  const typeOf = async (name: string, text: string) =>
    (await ask(ingress, `/Svc/out-${name}`, body(text))).headers['content-type']
  t.equal(await typeOf('json', 'x'), 'application/json')
  t.equal(await typeOf('json', ''), undefined)
  t.equal(await typeOf('always', 'x'), 'text/x-always')
  t.equal(await typeOf('always', ''), 'text/x-always')
  t.equal(await typeOf('octets', '\u0000\u00ff'), 'application/octet-stream')
  t.equal(await typeOf('octets', ''), undefined)
  t.equal(await typeOf('none', ''), undefined)
  t.equal(await typeOf('none', 'x'), undefined)
  const empty = await ask(ingress, '/Svc/out-json')
  t.equal(empty.status, 200)
  t.equal(empty.headers['content-length'], '0')
})

t.test('the output rule is that of the newest revision; a success of a removed handler is lost', async (t) => {
  await using ingress = await startIngress()
  const headers = { 'idempotency-key': 'k' }
  await askJson(ingress, '/Svc/echo', 1, headers)
  const put = (revision: number, name: string) =>
    ingress.partition.schema.put(
      deployment(`dp_${revision}`, [
        service('Svc', 'Service', [handler(name, 'Stateless', { output: output.always })], { revision }),
      ]),
    )
  put(2, 'echo')
  t.equal((await askJson(ingress, '/Svc/echo', 1, headers)).headers['content-type'], 'text/x-always')
  const id = String((await askJson(ingress, '/Svc/echo', 1, headers)).headers['x-restate-id'])
  put(3, 'other')
  t.ok(isIngressError(await ask(ingress, `/restate/attach/${id}`, { method: 'GET' }), 404))
  t.ok(isIngressError(await ask(ingress, `/restate/output/${id}`, { method: 'GET' }), 404))
})

t.test('terminal errors: the code is the status where HTTP has it', async (t) => {
  await using ingress = await startIngress()
  const table: readonly (readonly [code: number, status: number])[] = [
    [400, 400],
    [404, 404],
    [409, 409],
    [418, 418],
    [500, 500],
    [599, 599],
    [600, 600],
    [999, 999],
    [200, 200],
    [302, 302],
    [0, 500],
    [99, 500],
    [100, 500],
    [101, 500],
    [199, 500],
    [1000, 500],
    [65535, 500],
  ]
  for (const [code, status] of table) {
    ingress.partition.behaviour = () => ({ kind: 'failure', failure: { code, message: 'no' } })
    const reply = await askJson(ingress, '/Svc/out-always', 1)
    t.equal(reply.status, status, `code ${code}`)
    t.equal(reply.body, `{"code":${code},"message":"no","source":"invocation"}`)
    t.equal(reply.headers['content-type'], 'application/json')
    t.equal(reply.headers['x-restate-error-source'], 'invocation')
    t.equal(reply.headers['x-restate-id'], ingress.partition.last.id)
  }
  for (const code of [204, 205, 304]) {
    ingress.partition.behaviour = () => ({ kind: 'failure', failure: { code, message: 'no' } })
    const reply = await askJson(ingress, '/Svc/echo', 1)
    t.equal(reply.status, code)
    t.equal(reply.body, '')
    t.equal(reply.headers['x-restate-error-source'], 'invocation')
  }
})

t.test('terminal errors: metadata, and again from what is kept', async (t) => {
  await using ingress = await startIngress()
  const metadata = [['a', 'b'] as const, ['__proto__', 'p'] as const]
  ingress.partition.behaviour = () => ({ kind: 'failure', failure: { code: 418, message: 'tea\n"pot"', metadata } })
  const headers = { 'idempotency-key': 'k' }
  const expected = '{"code":418,"message":"tea\\n\\"pot\\"","metadata":{"a":"b","__proto__":"p"},"source":"invocation"}'
  const first = await askJson(ingress, '/Svc/echo', 1, headers)
  t.equal(first.body, expected)
  t.equal(first.headers['idempotency-expires'], undefined)
  const again = await askJson(ingress, '/Svc/echo', 1, headers)
  t.equal(again.body, expected)
  t.equal(again.status, 418)
  t.type(again.headers['idempotency-expires'], 'string')
  ingress.partition.behaviour = () => ({ kind: 'failure', failure: { code: 500, message: '', metadata: [] } })
  t.equal((await askJson(ingress, '/Svc/echo', 1)).body, '{"code":500,"message":"","source":"invocation"}')
})

t.test('errors of the server: those for callers are told, others only logged', async (t) => {
  await using ingress = await startIngress()
  const { PartitionOverloaded } = await import('../../src/errors/partition.ts')
  const { LogUnavailable } = await import('../../src/errors/log.ts')
  ingress.partition.failure = new PartitionOverloaded('told')
  t.match((await askJson(ingress, '/Svc/echo', 1)).json, { code: 503, message: 'told', source: 'ingress' })
  for (const inside of [new Error('a secret of the inside'), new LogUnavailable('cannot write /secret/path')]) {
    ingress.partition.failure = inside
    for (const path of ['/Svc/echo', '/Svc/echo/send']) {
      const reply = await askJson(ingress, path, 1)
      t.ok(isIngressError(reply, 500))
      t.notMatch(reply.body, 'secret')
      t.match(ingress.logLines.join(''), inside.message)
    }
  }
  t.ok(ingress.logLines.some((line) => line.includes('ingress-request-failed')))
})

t.test('requests are counted by what became of them', async (t) => {
  await using ingress = await startIngress()
  await askJson(ingress, '/Svc/echo', 1)
  await ask(ingress, '/Nope/x')
  ingress.partition.behaviour = () => ({ kind: 'failure', failure: { code: 500, message: '' } })
  await askJson(ingress, '/Svc/echo', 1)
  ingress.partition.failure = new Error('x')
  await askJson(ingress, '/Svc/echo', 1)
  t.equal(ingress.metrics.admitted, 4)
  t.strictSame(ingress.metrics.outcomes, { completed: 1, request_error: 1, invocation_error: 1, ingress_error: 1 })
})
