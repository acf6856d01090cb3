import { bothModes, oneMode } from '../passes.ts'
import { theme } from '../scenario.ts'

const unknown = 'inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz'

export const results = [
  ...theme('attach and output', bothModes, {
    'while it runs, and after': async (c) => {
      const id = await c.start('Script/run', [
        ['gate', c.key],
        ['value', 'done'],
      ])
      const early = await c.output(id)
      const attached = c.attach(id)
      await c.pause(300)
      await c.open(c.key)
      return { early, attached: await attached, output: await c.output(id), again: await c.attach(id) }
    },
    'of a failure': async (c) => {
      const { id = '' } = await c.run('Script/run', [['fail', 403, 'no', { a: 'b' }]])
      return { attach: await c.attach(id), output: await c.output(id) }
    },
    'of nothing': async (c) => {
      const { id = '' } = await c.call('Raw/nothing')
      return { attach: await c.attach(id), output: await c.output(id) }
    },
    'by idempotency key': async (c) => {
      const target = { target: 'idempotentInvocation', service: 'Script', handler: 'run', idempotencyKey: c.key }
      const early = [await c.attach(target), await c.output(target)]
      const { id } = await c.run('Script/run', [['value', 1]], { idempotencyKey: c.key })
      return {
        early,
        attach: await c.attach(target),
        output: await c.output(target),
        lookup: await c.lookup(target),
        id,
      }
    },
    'by idempotency key of an object': async (c) => {
      const target = {
        target: 'idempotentInvocation',
        service: 'Object',
        key: c.key,
        handler: 'run',
        idempotencyKey: 'a/b',
      }
      const { id } = await c.run(`Object/${c.key}/run`, [['value', 1]], { idempotencyKey: 'a/b' })
      return { output: await c.output(target), lookup: await c.lookup(target), id }
    },
    'by the older paths': async (c) => {
      const { id } = await c.run('Script/run', [['value', 1]], { idempotencyKey: c.key })
      await c.run(`Object/${c.key}/run`, [['value', 2]], { idempotencyKey: c.key })
      return {
        byId: await c.ingress('GET', `/restate/invocation/${id}/output`),
        attach: await c.ingress('GET', `/restate/invocation/${id}/attach`),
        service: await c.ingress('GET', `/restate/invocation/{Script}/run/${c.key}/output`),
        object: await c.ingress('GET', `/restate/invocation/{Object}/${c.key}/run/${c.key}/attach`),
        post: await c.ingress('POST', `/restate/invocation/${id}/output`, {}),
      }
    },
    'from a handler': async (c) => {
      const id = await c.start('Script/run', [
        ['gate', c.key],
        ['value', 'done'],
      ])
      const attaching = await c.start('Script/run', [['attach', id]])
      await c.waits(attaching, 2)
      await c.open(c.key)
      return {
        result: await c.attach(attaching),
        journal: await c.journal(attaching),
        again: await c.run('Script/run', [['attach', id]]),
      }
    },
    'from a handler, of a failure': async (c) => {
      const { id = '' } = await c.run('Script/run', [['fail', 403, 'no', { a: 'b' }]])
      return c.run('Script/run', [['catch', [['attach', id]]]])
    },
    'from a handler, of what never was': async (c) => {
      const answer = await c.run('Script/run', [['catch', [['attach', unknown]]]])
      return { answer, journal: await c.journal(answer.id ?? '') }
    },
  }),
  ...theme('attach and output by the wire', oneMode, {
    'of an invocation': async (c) => {
      const id = await c.start('Script/run', [
        ['gate', c.key],
        ['value', 'done'],
      ])
      const early = await c.call('Wire/output', { invocationId: id })
      const attaching = await c.send('Wire/attach', { invocationId: id })
      await c.until(attaching.id ?? '', 'suspended')
      await c.open(c.key)
      await c.attach(id)
      const late = await c.call('Wire/output', { invocationId: id })
      return { early, late, attached: await c.attach(attaching.id ?? ''), journal: await c.journal(late.id ?? '') }
    },
    'of an idempotency key': async (c) => {
      const target = { idempotentRequestTarget: { serviceName: 'Script', handlerName: 'run', idempotencyKey: c.key } }
      const early = [await c.call('Wire/output', target), await c.call('Wire/attach', target)]
      await c.run('Script/run', [['value', 1]], { idempotencyKey: c.key })
      return { early, late: [await c.call('Wire/output', target), await c.call('Wire/attach', target)] }
    },
    'of an idempotency key of an object': async (c) => {
      const target = {
        idempotentRequestTarget: { serviceName: 'Object', serviceKey: c.key, handlerName: 'run', idempotencyKey: 'k' },
      }
      await c.run(`Object/${c.key}/run`, [['value', 1]], { idempotencyKey: 'k' })
      return [await c.call('Wire/output', target), await c.call('Wire/attach', target)]
    },
    'of a workflow': async (c) => {
      const target = { workflowTarget: { workflowName: 'Flow', workflowKey: c.key } }
      const early = [await c.call('Wire/output', target), await c.call('Wire/attach', target)]
      const id = await c.start(`Flow/${c.key}/run`, [
        ['gate', c.key],
        ['value', 'done'],
      ])
      const running = await c.call('Wire/output', target)
      await c.open(c.key)
      await c.attach(id)
      return { early, running, late: [await c.call('Wire/output', target), await c.call('Wire/attach', target)] }
    },
    'of what never was': async (c) => [
      await c.call('Wire/output', { invocationId: unknown }),
      await c.call('Wire/attach', { invocationId: unknown }),
    ],
    'of what is no id': async (c) => {
      const { id = '' } = await c.send('Wire/attach', { invocationId: 'x' })
      return { status: await c.until(id, 'paused'), journal: await c.journal(id) }
    },
    'an end without a result': async (c) => {
      const { id = '' } = await c.send('Wire/endWithoutOutput', {})
      await c.pause(1000)
      return { status: (await c.status(id))?.status, output: await c.output(id) }
    },
  }),
]
