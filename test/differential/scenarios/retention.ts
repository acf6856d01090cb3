import { bothModes } from '../passes.ts'
import { theme } from '../scenario.ts'

export const retention = theme('retention', bothModes, {
  'no journal, but the result': async (c) => {
    const answer = await c.run('Brief/noJournal', [['run', 'a', 1]])
    return {
      answer,
      journal: await c.journal(answer.id ?? ''),
      status: await c.status(answer.id ?? ''),
      output: await c.output(answer.id ?? ''),
      restart: await c.operate(answer.id ?? '', 'restart-as-new'),
    }
  },
  nothing: async (c) => {
    const answer = await c.run('Brief/nothing', [['run', 'a', 1]])
    return {
      answer,
      status: (await c.status(answer.id ?? '')) ?? null,
      output: await c.output(answer.id ?? ''),
      attach: await c.attach(answer.id ?? ''),
    }
  },
  'nothing, with a key': async (c) => {
    const options = { idempotencyKey: c.key }
    const first = await c.run('Brief/nothing', [['mark', c.key]], options)
    return { first, again: await c.run('Brief/nothing', [['mark', c.key]], options) }
  },
  'nothing, called by a handler': async (c) => {
    const answer = await c.run('Script/run', [['call', 'Brief/nothing', [['id']]]])
    const [[callee] = []] = Array.isArray(answer.body) ? answer.body.filter(Array.isArray) : []
    return { answer, callee: (await c.status(String(callee))) ?? null }
  },
  'changed for a service': async (c) => {
    const name = c.ownService + c.pass.suffix
    await c.deploy(name, 1)
    const changed = await c.admin('PATCH', `/services/${name}`, { journal_retention: '0s' })
    const kept = async () => {
      const { id = '' } = await c.ingress('POST', `/${name}/run`, [['run', 'a', 1]])
      return c.journal(id)
    }
    const journal = await c.eventually(kept, ({ length }) => length === 0)
    await c.admin('PATCH', `/services/${name}`, { journal_retention: '1h' })
    return { status: changed.status, journal, later: await c.eventually(kept, ({ length }) => length > 0) }
  },
})
