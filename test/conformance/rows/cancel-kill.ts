import { Bench, request } from '../../core/fixtures.ts'
import { corner } from '../corner.ts'
import type { Environment } from '../environment.ts'
import { aWhile, eventually } from '../polling.ts'
import { unique } from '../unique.ts'

const UNKNOWN = 'inv_1gfVQlqMAL1W0pZ0000000000000000000'
const CANCELLED = { status: 409, json: { code: 409, message: 'Cancelled', source: 'invocation' } }
const KILLED = { status: 409, json: { code: 409, message: 'killed', source: 'invocation' } }

/** A parent that waits for one child; of two others it has only sent one, and one will be sent later. */
async function startFamily({ server, noted }: Environment) {
  const { invocationId: parent } = await server.send('Caller/parent')
  const isNoted = (notes: readonly unknown[]): boolean => notes.length > 0
  const [children] = await eventually('the children', () => noted(`children ${parent}`), isNoted)
  const [called = '', sent = '', delayed = ''] = children as string[]
  return { parent, called, sent, delayed }
}

/** Cancel, kill, and what callers learn of it. */
export const cancelAndKill = [
  corner(59, 'cancel of a scheduled invocation: 200, nothing is left', {
    core: (t) => {
      const bench = new Bench()
      bench.invoke('a', { executionTime: bench.now + 100 })
      const { id } = bench.get('a')
      t.equal(bench.operate({ type: 'cancel', id }).outcome, 'done')
      t.equal(bench.state.find(id), undefined)
    },
    sdk: async (t, { server }) => {
      const { invocationId } = await server.send('Leaf/wait', undefined, { delay: '1h' })
      t.equal((await server.operate(invocationId, 'cancel')).status, 200)
      t.equal(await server.find(invocationId), undefined)
      t.equal((await server.output(invocationId)).status, 404)
    },
  }),

  corner(60, 'cancel of a running invocation: 202, it ends with 409', {
    sdk: async (t, { server, untilAttempts }) => {
      const { invocationId } = await server.send('Leaf/wait')
      await untilAttempts(invocationId, 1)
      t.equal((await server.operate(invocationId, 'cancel')).status, 202)
      t.match(await server.attach(invocationId), CANCELLED)
    },
  }),

  corner(61, 'a second cancel, when the first has ended it: 409', {
    sdk: async (t, { server }) => {
      const { invocationId } = await server.send('Leaf/wait')
      await server.operate(invocationId, 'cancel')
      await server.attach(invocationId)
      t.equal((await server.operate(invocationId, 'cancel')).status, 409)
    },
  }),

  corner(62, 'cancel of an unknown invocation 404, of a malformed id 400', {
    sdk: async (t, { server }) => {
      t.equal((await server.operate(UNKNOWN, 'cancel')).status, 404)
      t.equal((await server.operate('inv_1nothing', 'cancel')).status, 400)
    },
  }),

  corner(63, 'a handler that catches the cancellation may succeed', {
    sdk: async (t, { server, untilAttempts }) => {
      const { invocationId } = await server.send('Leaf/surviveCancel')
      await untilAttempts(invocationId, 1)
      await server.operate(invocationId, 'cancel')
      t.match(await server.attach(invocationId), { status: 200, json: 'caught 409' })
    },
  }),

  corner(64, 'a compensating run behind the cancellation is stored', {
    sdk: async (t, { server, untilAttempts, noted }) => {
      const { invocationId } = await server.send('Leaf/compensate')
      await untilAttempts(invocationId, 1)
      await server.operate(invocationId, 'cancel')
      t.match(await server.attach(invocationId), CANCELLED)
      t.same((await server.journal(invocationId)).slice(1), [
        'Notification: Signal',
        'Command: Run',
        'Notification: Run',
        'Command: Output',
      ])
      t.equal((await noted(`undone ${invocationId}`)).length, 1)
    },
  }),

  corner(65, 'cancellation reaches calls, not what was sent or is to be sent later', {
    sdk: async (t, environment) => {
      const { server } = environment
      const { parent, called, sent, delayed } = await startFamily(environment)
      t.equal((await server.operate(parent, 'cancel')).status, 202)
      t.match(await server.attach(parent), CANCELLED)
      t.match(await server.attach(called), CANCELLED)
      await aWhile()
      t.match(await server.find(sent), { status: 'running' })
      t.match(await server.find(delayed), { status: 'scheduled' })
      const types = await server.journal(parent)
      t.ok(types.indexOf('Notification: Signal') < types.indexOf('Command: SendSignal'), types.join(', '))
    },
  }),

  corner(66, 'cancel wakes what is suspended and what is paused', {
    sdk: async (t, { server, untilAttempts }) => {
      const { invocationId: suspended } = await server.send('Limited/suspends')
      await server.until(suspended, 'suspended')
      const { invocationId: paused } = await server.send('Leaf/wait')
      await untilAttempts(paused, 1)
      await server.operate(paused, 'pause')
      await server.until(paused, 'paused')
      for (const id of [suspended, paused]) {
        t.equal((await server.operate(id, 'cancel')).status, 202)
        t.match(await server.attach(id), CANCELLED)
      }
    },
  }),

  corner(67, 'kill of a caller kills the calls that it waits for; what it has sent lives on', {
    restate: 'kills what it has sent as well',
    core: (t) => {
      const bench = new Bench()
      bench.invoke('parent')
      bench.call('parent', request('child'), [1, 2])
      bench.call('child', request('grandchild'), [1, 2])
      const append = (name: string, completionId: number, later: boolean) => {
        const callee = request(name, later ? { executionTime: bench.now + 100 } : {})
        bench.append('parent', { kind: 'one-way-call', invocationIdCompletionId: completionId, callee })
      }
      append('sent', 3, false)
      append('delayed', 4, true)
      bench.operate({ type: 'kill', id: bench.get('parent').id })
      const statuses = ['parent', 'child', 'grandchild', 'sent', 'delayed'].map((name) => bench.get(name).status)
      t.same(statuses, ['completed', 'completed', 'completed', 'invoked', 'scheduled'])
    },
    sdk: async (t, environment) => {
      const { server } = environment
      const { parent, called, sent, delayed } = await startFamily(environment)
      t.equal((await server.operate(parent, 'kill')).status, 200)
      t.match(await server.attach(parent), KILLED)
      t.match(await server.attach(called), KILLED)
      await aWhile()
      t.match(await server.find(sent), { status: 'running' })
      t.match(await server.find(delayed), { status: 'scheduled' })
    },
  }),

  corner(68, 'kill of an unknown invocation 404, of a completed one 409', {
    sdk: async (t, { server }) => {
      const { id } = await server.call('Leaf/record', { name: unique(), value: 1 })
      t.equal((await server.operate(UNKNOWN, 'kill')).status, 404)
      t.equal((await server.operate(id, 'kill')).status, 409)
      t.match(await server.output(id), { status: 200 })
    },
  }),

  corner(69, 'the caller of a killed callee gets 409 killed as a terminal error', {
    sdk: async (t, { server }) => {
      const { invocationId } = await server.send('Caller/forward', { service: 'Leaf', handler: 'wait' })
      const callee = await server.untilCallee(invocationId)
      t.equal((await server.operate(callee, 'kill')).status, 200)
      t.match(await server.attach(invocationId), { status: 200, json: { code: 409, message: 'killed' } })
    },
  }),

  corner(70, 'a handler cancels an unknown invocation: nothing happens', {
    sdk: async (t, { server }) => {
      t.match(await server.call('Caller/cancel', UNKNOWN), { status: 200, json: 'done' })
    },
  }),

  corner(71, 'a handler attaches to an unknown invocation: terminal 404', {
    sdk: async (t, { server }) => {
      t.match(await server.call('Caller/attach', UNKNOWN), { status: 200, json: { code: 404 } })
    },
  }),

  corner(72, 'code, text and metadata of a terminal error reach the calling handler unchanged', {
    sdk: async (t, { server }) => {
      const failure = { code: 422, message: 'not like this', metadata: { field: 'name' } }
      const call = { service: 'Leaf', handler: 'fail', input: failure }
      t.same((await server.call('Caller/forward', call)).json, failure)
      t.match(await server.call('Leaf/fail', failure), { status: 422, json: { ...failure, source: 'invocation' } })
    },
  }),
]
