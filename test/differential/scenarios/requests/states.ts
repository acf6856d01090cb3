import type { Client } from '../../client.ts'
import { atIngress } from '../../passes.ts'
import { answersWithIds, get, post, type Request } from '../../requests.ts'
import { theme } from '../../scenario.ts'
import type { Json } from '../../service/program.ts'

/** Everything that can be asked of an invocation by its id. Attach waits, so it is left out where nothing completes. */
function byId(id: string, completes: boolean): Record<string, Request> {
  const target = { target: 'invocation', invocationId: id }
  return {
    output: get(`/restate/output/${id}`),
    'older output': get(`/restate/invocation/${id}/output`),
    'output by target': post('/restate/output', target),
    lookup: post('/restate/lookup', target),
    ...(completes && {
      attach: get(`/restate/attach/${id}`),
      'older attach': get(`/restate/invocation/${id}/attach`),
      'attach by target': post('/restate/attach', target),
    }),
  }
}

/** The same by the idempotency key that it was made with. */
function byKey(c: Client, completes: boolean): Record<string, Request> {
  const target: Record<string, Json> = {
    target: 'idempotentInvocation',
    service: 'Script',
    handler: 'run',
    idempotencyKey: c.key,
  }
  return {
    'output by key': get(`/restate/invocation/{Script}/run/${c.key}/output`),
    'output by target of the key': post('/restate/output', target),
    ...(completes && {
      'attach by key': get(`/restate/invocation/{Script}/run/${c.key}/attach`),
      'attach by target of the key': post('/restate/attach', target),
    }),
    'send again': post('/{Script}/run/send', [], [['idempotency-key', c.key]]),
    ...(completes && { 'call again': post('/{Script}/run', [], [['idempotency-key', c.key]]) }),
  }
}

const asked = (c: Client, id: string, completes: boolean) =>
  answersWithIds(c, { ...byId(id, completes), ...byKey(c, completes) })

const keyed = (c: Client) => ({ idempotencyKey: c.key })

/** An invocation is asked for its result in every state that it can be in. */
export const states = theme('requests', atIngress, {
  'results of what is scheduled': async (c) => {
    const id = await c.start('Script/run', [], { ...keyed(c), query: 'delay=1d' })
    return asked(c, id, false)
  },
  'results of what runs': async (c) => {
    const id = await c.start('Script/run', [['gate', c.key]], keyed(c))
    await c.until(id, 'running')
    const answers = await asked(c, id, false)
    await c.open(c.key)
    return answers
  },
  'results of what is paused': async (c) => {
    const id = await c.start('Limited/pause', [['crash', 9, 'again']])
    await c.until(id, 'paused')
    return answersWithIds(c, byId(id, false))
  },
  'results of what waits for its key': async (c) => {
    await c.start(`Object/${c.key}/run`, [['gate', c.key]])
    const id = await c.start(`Object/${c.key}/run`, [])
    await c.until(id, 'pending')
    const answers = await answersWithIds(c, byId(id, false))
    await c.open(c.key)
    return answers
  },
  'results of what is completed': async (c) => {
    const id = await c.start('Script/run', [['value', 'done']], keyed(c))
    await c.attach(id)
    return asked(c, id, true)
  },
  'results of what has failed': async (c) => {
    const id = await c.start('Script/run', [['fail', 422, 'no "good"', { a: 'b', c: 'ü' }]], keyed(c))
    await c.attach(id)
    return asked(c, id, true)
  },
  'results of what was killed': async (c) => {
    const id = await c.start('Script/run', [['gate', c.key]], keyed(c))
    await c.until(id, 'running')
    await c.operate(id, 'kill')
    await c.attach(id)
    return asked(c, id, true)
  },
  'results of what was cancelled': async (c) => {
    const id = await c.start('Script/run', [['sleep', 60_000]], keyed(c))
    await c.waits(id, 2)
    await c.operate(id, 'cancel')
    await c.attach(id)
    return asked(c, id, true)
  },
  'results of what was purged': async (c) => {
    const id = await c.start('Script/run', [['value', 'done']], keyed(c))
    await c.attach(id)
    await c.operate(id, 'purge')
    await c.eventually(
      () => c.status(id),
      (status) => status === undefined,
    )
    return answersWithIds(c, byId(id, true))
  },
  'results of what was killed before its start': async (c) => {
    const id = await c.start('Script/run', [], { ...keyed(c), query: 'delay=1d' })
    await c.operate(id, 'kill')
    await c.eventually(
      () => c.status(id),
      (status) => status === undefined,
    )
    return answersWithIds(c, byId(id, true))
  },
  'results of what keeps nothing': async (c) => {
    const { id = '' } = await c.run('Brief/nothing', [['value', 1]])
    return answersWithIds(c, byId(id, true))
  },
  'results of a workflow': async (c) => {
    const target = { target: 'workflow', workflowName: 'Flow', workflowKey: c.key }
    const rows = {
      output: get(`/restate/workflow/{Flow}/${c.key}/output`),
      'output by target': post('/restate/output', target),
      lookup: post('/restate/lookup', target),
    }
    const late = {
      ...rows,
      attach: get(`/restate/workflow/{Flow}/${c.key}/attach`),
      'attach by target': post('/restate/attach', target),
      'call again': post(`/{Flow}/${c.key}/run`, []),
      'send again': post(`/{Flow}/${c.key}/run/send`, []),
      'call the shared handler': post(`/{Flow}/${c.key}/ask`, [['value', 1]]),
    }
    const before = await answersWithIds(c, rows)
    const id = await c.start(`Flow/${c.key}/run`, [
      ['gate', c.key],
      ['value', 'done'],
    ])
    await c.until(id, 'running')
    const running = await answersWithIds(c, { ...rows, 'call again': post(`/{Flow}/${c.key}/run`, []) })
    await c.open(c.key)
    await c.attach(id)
    return { before, running, late: await answersWithIds(c, late) }
  },
})
