import { Bench, bytes, value } from '../../core/fixtures.ts'
import { corner } from '../corner.ts'
import { aWhile } from '../polling.ts'
import { workflowRun, workflowShared } from '../targets.ts'
import { unique } from '../unique.ts'

/** Workflows and their promises. */
export const workflows = [
  corner(34, 'a second run: 409, running and completed; a second send: previously accepted', {
    sdk: async (t, { server, noted }) => {
      const key = unique()
      const first = await server.send(`Flow/${key}/run`, 'x')
      const refused = {
        status: 409,
        id: first.invocationId,
        json: { message: 'the workflow method was already invoked' },
      }
      const accepted = { status: 'PreviouslyAccepted', invocationId: first.invocationId }
      t.match(await server.call(`Flow/${key}/run`, 'x'), refused)
      t.match(await server.send(`Flow/${key}/run`, 'x'), accepted)
      await server.call(`Flow/${key}/resolve`, 'done')
      t.match(await server.attach(first.invocationId), { json: 'done' })
      t.match(await server.call(`Flow/${key}/run`, 'x'), refused)
      t.match(await server.send(`Flow/${key}/run`, 'x'), accepted)
      t.equal((await noted(`runs ${key}`)).length, 1)
    },
  }),

  corner(35, 'a promise that was resolved before the run is there for it', {
    sdk: async (t, { server }) => {
      const key = unique()
      t.equal((await server.call(`Flow/${key}/resolve`, 'early')).status, 200)
      t.match(await server.call(`Flow/${key}/run`, 'x'), { status: 200, json: 'early' })
    },
  }),

  corner(36, 'a second resolve: 409, the first value stays', {
    sdk: async (t, { server }) => {
      const key = unique()
      await server.call(`Flow/${key}/resolve`, 'first')
      const second = await server.call(`Flow/${key}/resolve`, 'second')
      t.match(second, { status: 409, json: { message: 'promise was already completed', source: 'invocation' } })
      t.match(await server.call(`Flow/${key}/peek`), { json: { value: 'first' } })
    },
  }),

  corner(37, 'peek of an open promise: nothing', {
    sdk: async (t, { server }) => {
      t.match(await server.call(`Flow/${unique()}/peek`), { status: 200, json: { open: true } })
    },
  }),

  corner(38, 'attach before the run 404, output while it runs 470, attach waits for the value', {
    sdk: async (t, { server }) => {
      const key = unique()
      const ask = (operation: string) => server.ingress('GET', `/restate/workflow/Flow/${key}/${operation}`)
      t.equal((await ask('attach')).status, 404)
      t.equal((await ask('output')).status, 404)
      await server.send(`Flow/${key}/run`, 'x')
      t.equal((await ask('output')).status, 470)
      const attached = ask('attach')
      await aWhile()
      await server.call(`Flow/${key}/resolve`, 'value')
      t.match(await attached, { status: 200, json: 'value' })
      t.match(await ask('output'), { status: 200, json: 'value' })
    },
  }),

  corner(39, 'shared handlers see state and promise when the run has completed', {
    sdk: async (t, { server }) => {
      const key = unique()
      await server.call(`Flow/${key}/resolve`, 'done')
      await server.call(`Flow/${key}/run`, 'written')
      t.match(await server.call(`Flow/${key}/state`), { json: 'written' })
      t.match(await server.call(`Flow/${key}/peek`), { json: { value: 'done' } })
    },
  }),

  corner(40, 'purge of the run: state and promise are gone, it may run again', {
    core: (t) => {
      const bench = new Bench()
      bench.invoke('run', workflowRun('w'))
      bench.append('run', { kind: 'set-state', key: bytes('s'), value: bytes('1') })
      bench.append('run', { kind: 'complete-promise', completionId: 1, name: 'p', result: value('v') })
      bench.output('run', 'r')
      bench.end('run')
      const keyed = () => bench.state.keyed('Flow', 'w')
      t.same([keyed().state.size, keyed().promises.size], [1, 1])
      bench.operate({ type: 'purge', id: bench.get('run').id, what: 'all' })
      t.same([keyed().state.size, keyed().promises.size], [0, 0])
    },
    sdk: async (t, { server, noted }) => {
      const key = unique()
      await server.call(`Flow/${key}/resolve`, 'first')
      const { id } = await server.call(`Flow/${key}/run`, 'first')
      t.equal((await server.operate(id, 'purge')).status, 200)
      t.match(await server.call(`Flow/${key}/state`), { json: null })
      t.match(await server.call(`Flow/${key}/peek`), { json: { open: true } })
      const again = await server.send(`Flow/${key}/run`, 'second')
      t.match(again, { status: 'Accepted', invocationId: id })
      await server.call(`Flow/${key}/resolve`, 'second')
      t.match(await server.attach(id), { json: 'second' })
      t.equal((await noted(`runs ${key}`)).length, 2)
    },
  }),

  corner(41, 'a killed run cannot run again, its state stays', {
    sdk: async (t, { server, noted }) => {
      const key = unique()
      const { invocationId } = await server.send(`Flow/${key}/run`, 'written')
      await server.untilEntry(invocationId, 'Command: SetState')
      t.equal((await server.operate(invocationId, 'kill')).status, 200)
      t.match(await server.attach(invocationId), { status: 409, json: { message: 'killed' } })
      t.match(await server.call(`Flow/${key}/run`, 'x'), { status: 409 })
      t.match(await server.call(`Flow/${key}/state`), { json: 'written' })
      t.equal((await noted(`runs ${key}`)).length, 1)
    },
  }),

  corner(42, 'a run with an idempotency key: refused', {
    sdk: async (t, { server, noted }) => {
      const key = unique()
      const answer = await server.call(`Flow/${key}/run`, 'x', { key: 'one' })
      t.match(answer, { status: 400, json: { code: 400, source: 'ingress' } })
      t.same(await noted(`runs ${key}`), [])
    },
  }),

  corner(43, 'a rejected promise fails in all handlers that wait for it', {
    core: (t) => {
      const bench = new Bench()
      const failure = { kind: 'failure', failure: { code: 500, message: 'no' } } as const
      bench.invoke('run', workflowRun('w'))
      bench.invoke('other', workflowShared('w'))
      for (const name of ['run', 'other']) bench.append(name, { kind: 'get-promise', completionId: 1, name: 'p' })
      bench.invoke('rejecting', workflowShared('w'))
      bench.append('rejecting', { kind: 'complete-promise', completionId: 1, name: 'p', result: failure })
      for (const name of ['run', 'other']) t.match(bench.get(name).journal.at(-1), { key: { id: 1 }, result: failure })
    },
    sdk: async (t, { server }) => {
      const key = unique()
      const waiting = [server.call(`Flow/${key}/run`, 'x'), server.call(`Flow/${key}/await`)]
      await aWhile()
      await server.call(`Flow/${key}/reject`, 'rejected')
      const failed = { status: 500, json: { message: 'rejected', source: 'invocation' } }
      t.match(await Promise.all([...waiting, server.call(`Flow/${key}/await`)]), [failed, failed, failed])
    },
  }),
]
