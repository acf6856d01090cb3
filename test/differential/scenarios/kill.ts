import { bothModes } from '../passes.ts'
import { theme } from '../scenario.ts'
import type { Step } from '../service/program.ts'

const waiting: readonly Step[] = [
  ['run', 'ready', 1],
  ['start', 'w', ['awakeable', 'w']],
  ['await', 'w'],
]

const unknown = 'inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz'

export const kill = theme('kill and purge', bothModes, {
  'kill what waits': async (c) => {
    const id = await c.start('Script/run', waiting)
    await c.waits(id, 3)
    const attached = c.attach(id)
    await c.pause(50)
    const killed = await c.operate(id, 'kill')
    return {
      killed,
      result: await attached,
      output: await c.output(id),
      journal: await c.journal(id),
      status: await c.status(id),
    }
  },
  'kill what never answers': async (c) => {
    const id = await c.start('Script/run', [
      ['run', 'ready', 1],
      ['gate', `${c.key} stays shut`],
    ])
    await c.eventually(
      () => c.journal(id),
      ({ length }) => length >= 3,
    )
    const killed = await c.operate(id, 'kill')
    return { killed, result: await c.attach(id) }
  },
  'kill what is suspended': async (c) => {
    const id = await c.start('Impatient/suspends', waiting)
    const suspended = await c.until(id, 'suspended')
    return { suspended, killed: await c.operate(id, 'kill'), result: await c.attach(id) }
  },
  'kill what is scheduled': async (c) => {
    const options = { idempotencyKey: c.key }
    const { id = '' } = await c.send('Script/run', [['value', 1]], { ...options, query: 'delay=10m' })
    const killed = await c.operate(id, 'kill')
    return { killed, gone: (await c.status(id)) ?? null, again: await c.run('Script/run', [['value', 2]], options) }
  },
  'kill what backs off': async (c) => {
    const id = await c.start('Limited/slow', [['crash', 9, 'always']])
    const status = await c.until(id, 'backing-off')
    return { status, killed: await c.operate(id, 'kill'), result: await c.attach(id) }
  },
  'kill what is paused': async (c) => {
    const id = await c.start('Limited/pause', [['crash', 3, 'thrice']])
    const paused = await c.until(id, 'paused')
    return {
      paused,
      killed: await c.operate(id, 'kill'),
      result: await c.attach(id),
      resumed: await c.operate(id, 'resume'),
    }
  },
  'kill what is not there': async (c) => {
    const { id = '' } = await c.run('Script/run', [['value', 1]])
    return {
      ended: await c.operate(id, 'kill'),
      unknown: await c.operate(unknown, 'kill'),
      bad: await c.operate('x', 'kill'),
    }
  },
  'kill goes on to calls': async (c) => {
    const callee = `${c.key}-callee`
    const id = await c.start('Script/run', [['call', `Object/${callee}/run`, [['set', 'a', 1], ...waiting]]])
    await c.eventually(
      () => c.run(`Object/${callee}/look`, [['get', 'a']]),
      ({ body }) => Array.isArray(body) && body[0] === 1,
    )
    const killed = await c.operate(id, 'kill')
    return { killed, result: await c.attach(id), free: await c.run(`Object/${callee}/run`, [['get', 'a']]) }
  },
  'kill and one-way calls': async (c) => {
    const id = await c.start('Script/run', [
      ['send', 'Script/run', waiting, { idempotencyKey: `${c.key}-sent` }],
      ...waiting,
    ])
    await c.waits(id, 5)
    const sent = { target: 'idempotentInvocation', service: 'Script', handler: 'run', idempotencyKey: `${c.key}-sent` }
    const { body } = await c.lookup(sent)
    const sentId = String(Object(body).invocationId)
    await c.waits(sentId, 3)
    const killed = await c.operate(id, 'kill')
    await c.pause(200)
    await c.resolve(c.awakeable(sentId), 'went on')
    return { killed, result: await c.attach(id), sent: await c.attach(sentId) }
  },
  'kill and delayed one-way calls': async (c) => {
    const id = await c.start('Script/run', [
      ['send', 'Script/run', [['value', 'sent']], { idempotencyKey: `${c.key}-sent`, delayMs: 2000 }],
      ...waiting,
    ])
    await c.waits(id, 5)
    const killed = await c.operate(id, 'kill')
    await c.pause(2500)
    return {
      killed,
      sent: await c.output({
        target: 'idempotentInvocation',
        service: 'Script',
        handler: 'run',
        idempotencyKey: `${c.key}-sent`,
      }),
    }
  },
  'the caller of a killed call': async (c) => {
    const key = `${c.key}-callee`
    const id = await c.start('Script/run', [['catch', [['call', 'Script/run', waiting, { idempotencyKey: key }]]]])
    await c.waits(id, 3)
    const { body } = await c.lookup({
      target: 'idempotentInvocation',
      service: 'Script',
      handler: 'run',
      idempotencyKey: key,
    })
    const callee = String(Object(body).invocationId)
    await c.waits(callee, 3)
    const killed = await c.operate(callee, 'kill')
    return { killed, result: await c.attach(id), journal: await c.journal(id) }
  },
  'the caller of a cancelled call': async (c) => {
    const key = `${c.key}-callee`
    const id = await c.start('Script/run', [['catch', [['call', 'Script/run', waiting, { idempotencyKey: key }]]]])
    await c.waits(id, 3)
    const { body } = await c.lookup({
      target: 'idempotentInvocation',
      service: 'Script',
      handler: 'run',
      idempotencyKey: key,
    })
    const callee = String(Object(body).invocationId)
    await c.waits(callee, 3)
    const cancelled = await c.operate(callee, 'cancel')
    return { cancelled, result: await c.attach(id), journal: await c.journal(id) }
  },
  purge: async (c) => {
    const { id = '' } = await c.run('Script/run', [['run', 'a', 1]])
    const purged = await c.operate(id, 'purge')
    const gone = await c.eventually(
      () => c.status(id),
      (status) => status === undefined,
    )
    return {
      purged,
      gone: gone ?? null,
      journal: await c.journal(id),
      output: await c.output(id),
      attach: await c.attach(id),
      again: await c.operate(id, 'purge'),
    }
  },
  'purge the journal': async (c) => {
    const { id = '' } = await c.run('Script/run', [['run', 'a', 1]])
    const purged = await c.operate(id, 'purge-journal')
    const journal = await c.eventually(
      () => c.journal(id),
      ({ length }) => length === 0,
    )
    return {
      purged,
      journal,
      status: await c.status(id),
      output: await c.output(id),
      again: await c.operate(id, 'purge-journal'),
    }
  },
  'purge what has not ended': async (c) => {
    const id = await c.start('Script/run', [['gate', c.key]])
    await c.until(id, 'running')
    const { id: scheduled = '' } = await c.send('Script/run', [], { query: 'delay=10m' })
    const purges = [
      await c.operate(id, 'purge'),
      await c.operate(id, 'purge-journal'),
      await c.operate(scheduled, 'purge'),
    ]
    await c.open(c.key)
    return {
      purges,
      result: await c.attach(id),
      unknown: [await c.operate(unknown, 'purge'), await c.operate(unknown, 'purge-journal')],
    }
  },
  'state outlives a purge': async (c) => {
    const { id = '' } = await c.run(`Object/${c.key}/run`, [['set', 'a', 1]])
    const purged = await c.operate(id, 'purge')
    return { purged, state: await c.run(`Object/${c.key}/look`, [['get', 'a']]) }
  },
})
