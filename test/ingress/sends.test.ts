import t from 'tap'
import { keepRunning } from './fake-partition.ts'
import { ask, askJson, isIngressError, startIngress } from './fixture.ts'

t.test('a send is accepted: 202, id, status', async (t) => {
  await using ingress = await startIngress()
  ingress.partition.behaviour = keepRunning
  for (const path of ['/Svc/echo/send', '/restate/send/Svc/echo', '/Obj/k/add/send', '/restate/send/Obj/k/add']) {
    const reply = await askJson(ingress, path, 'a')
    t.equal(reply.status, 202, path)
    t.equal(reply.body, `{"invocationId":"${ingress.partition.last.id}","status":"Accepted"}`)
    t.equal(reply.headers['content-type'], 'application/json')
    t.equal(reply.headers['x-restate-id'], ingress.partition.last.id)
    t.equal(reply.headers['content-length'], String(reply.body.length))
    t.equal(ingress.partition.last.executionTime, undefined)
  }
})

t.test('a duplicate is accepted as such, running or done', async (t) => {
  await using ingress = await startIngress()
  for (const path of ['/restate/send/Wf/w/run', '/Wf/w/run/send', '/Wf/w/run/send']) {
    const headers = {}
    const reply = await askJson(ingress, path, 1, headers)
    t.equal(reply.status, 202)
    const status = ingress.partition.requests.length === 1 ? 'Accepted' : 'PreviouslyAccepted'
    t.strictSame(reply.json, { invocationId: ingress.partition.requests[0]?.id, status })
  }
  const headers = { 'idempotency-key': 'k' }
  t.match((await askJson(ingress, '/Svc/echo', 1, headers)).status, 200)
  t.match((await askJson(ingress, '/Svc/echo/send', 1, headers)).json, { status: 'PreviouslyAccepted' })
})

t.test('a delayed send tells when, and its duplicates tell the same', async (t) => {
  await using ingress = await startIngress()
  const send = async (query: string) =>
    (await askJson(ingress, `/restate/send/Svc/echo${query}`, 'b', { 'idempotency-key': 'k' })).json
  const id = ((await send('?delay=3s')) as { invocationId: string }).invocationId
  const executionTime = '2026-11-21T12:00:03.123000000Z'
  t.equal(ingress.partition.last.executionTime, ingress.nowMs + 3000)
  t.strictSame(await send('?delay=100s'), { invocationId: id, executionTime, status: 'PreviouslyAccepted' })
  t.strictSame(await send(''), { invocationId: id, executionTime, status: 'PreviouslyAccepted' })
  const started = ingress.partition.last.id
  const whole = await askJson(ingress, '/restate/send/Svc/echo?delay=1877ms', 'b')
  t.match(whole.json, { executionTime: '2026-11-21T12:00:02Z' })
  ingress.partition.start(started)
  t.strictSame(await send('?delay=100s'), { invocationId: id, status: 'PreviouslyAccepted' })
})

t.test('a run of a workflow can be delayed', async (t) => {
  await using ingress = await startIngress()
  const sent = await askJson(ingress, '/restate/send/Wf/w/run?delay=PT10S', 'x')
  const { id } = ingress.partition.last
  const executionTime = '2026-11-21T12:00:10.123000000Z'
  t.strictSame(sent.json, { invocationId: id, executionTime, status: 'Accepted' })
  t.equal(ingress.partition.last.executionTime, ingress.nowMs + 10_000)
  const again = await askJson(ingress, '/Wf/w/run/send?delay=1s', 'y')
  t.strictSame(again.json, { invocationId: id, executionTime, status: 'PreviouslyAccepted' })
  t.equal((await askJson(ingress, '/Wf/w/run', 'z')).status, 409, 'a call of the run is too late as well')
  t.equal((await ask(ingress, '/restate/workflow/Wf/w/output', { method: 'GET' })).status, 470)
  const attached = ask(ingress, '/restate/workflow/Wf/w/attach', { method: 'GET' })
  while (ingress.partition.waitingCallers < 1) await new Promise((resolve) => setTimeout(resolve, 1))
  ingress.partition.start(id)
  t.equal((await attached).body, '"x"')
  t.strictSame((await askJson(ingress, '/Wf/w/run/send', 'y')).json, { invocationId: id, status: 'PreviouslyAccepted' })
})

t.test('a call joins a scheduled invocation and waits for it', async (t) => {
  await using ingress = await startIngress()
  const headers = { 'idempotency-key': 'k' }
  await askJson(ingress, '/Svc/echo/send?delay=1h', 'x', headers)
  const call = askJson(ingress, '/Svc/echo', 'y', headers)
  while (ingress.partition.waitingCallers < 1) await new Promise((resolve) => setTimeout(resolve, 1))
  const id = ingress.partition.requests[0]?.id
  if (id === undefined) throw new Error('nothing was sent')
  ingress.partition.start(id)
  t.equal((await call).body, '"x"')
})

t.test('delays as the peer takes them', async (t) => {
  await using ingress = await startIngress()
  const accepted: readonly (readonly [delay: string, ms: number])[] = [
    ['10s', 10_000],
    ['10sec', 10_000],
    ['10secs', 10_000],
    ['10%20sec', 10_000],
    ['60+sec', 60_000],
    ['%2B10s', 10_000],
    ['PT10S', 10_000],
    ['pt10s', 10_000],
    ['PT60S', 60_000],
    ['PT1M', 60_000],
    ['1h30m', 5_400_000],
    ['1h+30m', 5_400_000],
    ['PT1H30M', 5_400_000],
    ['1:30:00', 5_400_000],
    ['00:00:10', 10_000],
    ['1.5s', 1500],
    ['PT1.5S', 1500],
    ['1500ms', 1500],
    ['60000ms', 60_000],
    ['0.5h', 1_800_000],
    ['P1D', 86_400_000],
    ['1d', 86_400_000],
    ['P1W', 604_800_000],
    ['1w', 604_800_000],
    ['0', 0],
    ['0s', 0],
  ]
  for (const [delay, ms] of accepted) {
    const reply = await askJson(ingress, `/Svc/echo/send?delay=${delay}`, 1)
    t.equal(reply.status, 202, delay)
    t.match(reply.json, {
      executionTime: `${new Date(ingress.nowMs + ms).toISOString().slice(0, -1)}000000Z`,
      status: 'Accepted',
    })
    t.equal(ingress.partition.last.executionTime, ingress.nowMs + ms, delay)
  }
  t.equal((await askJson(ingress, '/Svc/echo/send?x=1&DeLaY=2s&delay=9s', 1)).status, 202)
  t.equal(ingress.partition.last.executionTime, ingress.nowMs + 2000, 'any case, the first one')

  const rejected = [
    '10',
    '10S',
    '',
    '-10s',
    '-PT10S',
    '10%20seconds%20ago',
    'P1M',
    '1mo',
    'P1Y',
    '1y',
    '10x',
    '9999999d',
  ]
  for (const delay of [...rejected, '1d,2h', '3000000d']) {
    const before = ingress.partition.requests.length
    const reply = await askJson(ingress, `/Svc/echo/send?delay=${delay}`, 1)
    t.ok(isIngressError(reply, 400), delay)
    t.match(reply.json, { message: /^bad delay/ })
    t.equal(ingress.partition.requests.length, before)
  }
})
