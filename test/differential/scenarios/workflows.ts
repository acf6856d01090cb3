import { bothModes, bothStates } from '../passes.ts'
import { theme } from '../scenario.ts'

export const workflows = [
  ...theme('workflows', bothModes, {
    'runs once': async (c) => {
      const run = `Flow/${c.key}/run`
      const first = await c.run(run, [['value', 1]])
      return {
        first,
        call: await c.run(run, [['value', 2]]),
        send: await c.send(run, [['value', 3]]),
        journal: await c.journal(first.id ?? ''),
      }
    },
    'is refused while it runs': async (c) => {
      const run = `Flow/${c.key}/run`
      const id = await c.start(run, [
        ['gate', c.key],
        ['value', 'first'],
      ])
      const again = await c.run(run, [['value', 2]])
      const sent = await c.send(run, [['value', 3]])
      await c.open(c.key)
      return { again, sent, first: await c.attach(id) }
    },
    'the id follows from the key': async (c) =>
      (await c.send('Flow/a%20known%20key/run', [['value', 1]])).id?.slice(5) ?? null,
    'attach and output': async (c) => {
      const target = { target: 'workflow', workflowName: 'Flow', workflowKey: c.key }
      const early = [await c.attach(target), await c.output(target)]
      const id = await c.start(`Flow/${c.key}/run`, [
        ['gate', c.key],
        ['value', 'done'],
      ])
      const running = await c.output(target)
      const attached = c.attach(target)
      await c.pause(100)
      await c.open(c.key)
      await c.attach(id)
      return { early, running, attached: await attached, late: await c.output(target) }
    },
    'attach and output by the paths': async (c) => {
      const path = `/restate/workflow/{Flow}/${c.key}`
      const early = [await c.ingress('GET', `${path}/attach`), await c.ingress('GET', `${path}/output`)]
      await c.run(`Flow/${c.key}/run`, [['value', 'done']])
      return { early, late: [await c.ingress('GET', `${path}/attach`), await c.ingress('GET', `${path}/output`)] }
    },
    delayed: async (c) => {
      const sent = await c.send(`Flow/${c.key}/run`, [['value', 'late']], { query: 'delay=1500ms' })
      return { sent, again: await c.send(`Flow/${c.key}/run`, []), result: await c.attach(sent.id ?? '') }
    },
    'a failed run stays failed': async (c) => {
      const run = `Flow/${c.key}/run`
      return {
        first: await c.run(run, [['fail', 422, 'no', { a: 'b' }]]),
        again: await c.run(run, [['value', 2]]),
        output: await c.output({ target: 'workflow', workflowName: 'Flow', workflowKey: c.key }),
      }
    },
    'a killed run is not run again': async (c) => {
      const id = await c.start(`Flow/${c.key}/run`, [
        ['set', 'a', 1],
        ['promise', 'never'],
      ])
      await c.waits(id, 3)
      const killed = await c.operate(id, 'kill')
      const result = await c.attach(id)
      return {
        killed,
        result,
        again: await c.run(`Flow/${c.key}/run`, []),
        state: await c.run(`Flow/${c.key}/ask`, [['get', 'a']]),
      }
    },
    'a purged run leaves nothing': async (c) => {
      const run = `Flow/${c.key}/run`
      const first = await c.run(run, [
        ['set', 'a', 1],
        ['resolvePromise', 'p', 'kept'],
      ])
      const seen = await c.run(`Flow/${c.key}/ask`, [
        ['get', 'a'],
        ['peek', 'p'],
      ])
      const purged = await c.operate(first.id ?? '', 'purge')
      await c.eventually(
        () => c.status(first.id ?? ''),
        (status) => status === undefined,
      )
      return {
        seen,
        purged,
        later: await c.run(`Flow/${c.key}/ask`, [
          ['get', 'a'],
          ['peek', 'p'],
        ]),
        again: await c.run(run, [['value', 'again']]),
      }
    },
    'cannot be restarted': async (c) => {
      const { id = '' } = await c.run(`Flow/${c.key}/run`, [['value', 1]])
      return c.operate(id, 'restart-as-new')
    },
    'started by a handler': async (c) => {
      const answer = await c.run('Script/run', [
        ['call', `Flow/${c.key}/run`, [['value', 'done']]],
        ['call', `Flow/${c.key}/ask`, [['target']]],
      ])
      return { answer, output: await c.output({ target: 'workflow', workflowName: 'Flow', workflowKey: c.key }) }
    },
    'empty key': (c) => c.ingress('POST', '/{Flow}//ask', [['target']]),
  }),
  ...theme('state of workflows', bothStates, {
    'is seen by shared handlers, before and after': async (c) => {
      const before = await c.run(`Flow/${c.key}/ask`, [['get', 'a'], ['keys']])
      const run = await c.run(`Flow/${c.key}/run`, [['get', 'a'], ['set', 'a', 1], ['set', 'b', 2], ['keys']])
      return {
        before,
        run,
        after: await c.run(`Flow/${c.key}/ask`, [['get', 'a'], ['keys']]),
        journal: await c.journal(run.id ?? ''),
      }
    },
  }),
  ...theme('promises', bothModes, {
    'resolved by a shared handler': async (c) => {
      const id = await c.start(`Flow/${c.key}/run`, [
        ['run', 'ready', 1],
        ['promise', 'p'],
      ])
      const waits = await c.waits(id, 4)
      const resolved = await c.run(`Flow/${c.key}/ask`, [
        ['peek', 'p'],
        ['resolvePromise', 'p', { v: 1 }],
        ['peek', 'p'],
        ['promise', 'p'],
      ])
      return {
        waits,
        resolved,
        result: await c.attach(id),
        journals: [await c.journal(id), await c.journal(resolved.id ?? '')],
      }
    },
    'resolved before the run': async (c) => {
      const resolved = await c.run(`Flow/${c.key}/ask`, [['resolvePromise', 'p', 'early']])
      const run = await c.run(`Flow/${c.key}/run`, [['promise', 'p']])
      return { resolved, run, journal: await c.journal(run.id ?? '') }
    },
    rejected: async (c) => {
      const id = await c.start(`Flow/${c.key}/run`, [['promise', 'p']])
      const rejected = await c.run(`Flow/${c.key}/ask`, [
        ['rejectPromise', 'p', 'denied'],
        ['catch', [['peek', 'p']]],
        ['catch', [['promise', 'p']]],
      ])
      return { rejected, result: await c.attach(id) }
    },
    'completed twice': async (c) => {
      const ask = `Flow/${c.key}/ask`
      await c.run(ask, [['resolvePromise', 'p', 'first']])
      const again = await c.run(ask, [
        ['catch', [['resolvePromise', 'p', 'second']]],
        ['catch', [['rejectPromise', 'p', 'third']]],
        ['promise', 'p'],
      ])
      return { again, journal: await c.journal(again.id ?? '') }
    },
    'awaited by several': async (c) => {
      const waiting = await Promise.all([1, 2, 3].map(() => c.start(`Flow/${c.key}/ask`, [['promise', 'p']])))
      for (const id of waiting) await c.waits(id, 2)
      await c.run(`Flow/${c.key}/ask`, [['resolvePromise', 'p', 'for all']])
      return Promise.all(waiting.map((id) => c.attach(id)))
    },
    'two names': (c) =>
      c.run(`Flow/${c.key}/run`, [
        ['resolvePromise', 'a', 1],
        ['peek', 'b'],
        ['resolvePromise', 'b', 2],
        ['promise', 'a'],
        ['promise', 'b'],
      ]),
    'with no value': (c) =>
      c.run(`Flow/${c.key}/run`, [
        ['resolvePromise', 'a', null],
        ['promise', 'a'],
        ['peek', 'a'],
      ]),
    'after the run': async (c) => {
      await c.run(`Flow/${c.key}/run`, [['resolvePromise', 'a', 'set by the run']])
      return c.run(`Flow/${c.key}/ask`, [
        ['promise', 'a'],
        ['resolvePromise', 'b', 'late'],
        ['peek', 'b'],
      ])
    },
    'with a timeout': async (c) => {
      const answer = await c.run(`Flow/${c.key}/run`, [
        ['start', 'p', ['promise', 'p']],
        ['catch', [['orTimeout', 'p', 50]]],
      ])
      return { answer, journal: await c.journal(answer.id ?? '') }
    },
  }),
]
