import { setTimeout as sleep } from 'node:timers/promises'
import { corner } from '../corner.ts'
import { aWhile } from '../polling.ts'
import type { Answer, TestServer } from '../test-server.ts'
import { unique } from '../unique.ts'

const LANES = 8

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

/** Asks again, with a new process of the server if need be, until there is an answer. */
async function insist(ask: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask()
    } catch (error) {
      // The connection broke with the server; what became of the request, its key will tell.
      if (tries === 500) throw error
      await sleep(50)
    }
  }
}

async function crash(server: TestServer): Promise<void> {
  await server.kill()
  await server.startAgain()
}

/** Does all of this in a few lanes, and kills the server when a third has been done. */
async function doAcrossCrash<T>(server: TestServer, count: number, step: (n: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  const left = numbers(count)
  let crashed: Promise<void> | undefined
  const lane = async (): Promise<void> => {
    for (let n = left.shift(); n !== undefined; n = left.shift()) {
      results.push(await step(n))
      if (results.length * 3 >= count) crashed ??= crash(server)
    }
  }
  await Promise.all(numbers(LANES).map(lane))
  await crashed
  return results
}

const newIdOf = ({ json }: Answer): string => (json as { new_invocation_id: string }).new_invocation_id

/** Retention, operations on what has completed, and crashes. */
export const retentionAndDurability = [
  corner(87, 'no journal retention: the result is kept, the journal is not', {
    sdk: async (t, { server }) => {
      const { id } = await server.call('Limited/keepsNoJournal', undefined, { key: unique() })
      t.match(await server.output(id), { status: 200, json: 'kept' })
      t.match(await server.find(id), { status: 'completed', journal_size: 0 })
    },
  }),

  corner(88, 'no retention at all: 404 as soon as it has completed', {
    sdk: async (t, { server }) => {
      const answer = await server.call('Limited/keepsNothing', undefined, { key: unique() })
      t.match(answer, { status: 200, json: 'gone' })
      t.equal((await server.output(answer.id)).status, 404)
      t.equal((await server.attach(answer.id)).status, 404)
      t.equal(await server.find(answer.id), undefined)
    },
  }),

  corner(89, 'restart of what has lost its journal: 410', {
    sdk: async (t, { server }) => {
      const { id } = await server.call('Leaf/steps', unique())
      t.equal((await server.operate(id, 'purge-journal')).status, 200)
      t.match(await server.find(id), { journal_size: 0 })
      t.equal((await server.operate(id, 'restart-as-new')).status, 410)
      t.match(await server.output(id), { status: 200, json: [1, 1] })
    },
  }),

  corner(90, 'purge of a running invocation: 409', {
    sdk: async (t, { server }) => {
      const { invocationId } = await server.send('Leaf/wait')
      t.equal((await server.operate(invocationId, 'purge')).status, 409)
      t.equal((await server.operate(invocationId, 'purge-journal')).status, 409)
      await server.resolve(invocationId, 'still there')
      t.match(await server.attach(invocationId), { json: 'still there' })
    },
  }),

  corner(91, 'restart as new: a new id and everything again; from a prefix: without that; incomplete prefix: 400', {
    sdk: async (t, { server, noted }) => {
      const name = unique()
      const { id } = await server.call('Leaf/steps', name)
      const whole = await server.operate(id, 'restart-as-new')
      t.equal(whole.status, 200)
      t.not(newIdOf(whole), id)
      t.match(await server.attach(newIdOf(whole)), { status: 200, json: [2, 2] })
      t.match(await server.find(newIdOf(whole)), { invoked_by: 'restart_as_new', restarted_from: id })
      t.match(await server.output(id), { json: [1, 1] })

      const behindFirst = await server.operate(id, 'restart-as-new', { from: '2' })
      t.match(await server.attach(newIdOf(behindFirst)), { status: 200, json: [1, 3] })
      t.same([(await noted(`${name} first`)).length, (await noted(`${name} second`)).length], [2, 3])

      const open = await server.call('Leaf/endBeforeTimer')
      t.same(await server.journal(open.id), ['Command: Input', 'Command: Sleep', 'Command: Output'])
      t.equal((await server.operate(open.id, 'restart-as-new', { from: '1' })).status, 400)
      t.equal((await server.operate(open.id, 'restart-as-new')).status, 200)
    },
  }),

  corner(92, 'restart of an exclusive handler waits for its key', {
    sdk: async (t, { server }) => {
      const key = unique()
      const { id } = await server.call(`Cell/${key}/push`, 'one')
      const holder = await server.send(`Cell/${key}/hold`, 'two')
      await server.until(holder.invocationId, 'running')
      const restarted = newIdOf(await server.operate(id, 'restart-as-new'))
      t.match(await server.find(restarted), { status: 'pending' })
      await server.resolve(holder.invocationId, 'go on')
      t.match(await server.attach(restarted), { json: ['one', 'two', 'one'] })
    },
  }),

  corner(93, 'kill -9 under load: no acknowledged send is lost or doubled', {
    sdk: async (t, { startServer }) => {
      const server = await startServer(t)
      const key = unique()
      const sends = await doAcrossCrash(server, 120, async (n) => {
        const sent = await server.send(`Cell/${key}/push`, String(n)).catch(() => undefined)
        if (sent === undefined) await sleep(100)
        return { tag: String(n), id: sent?.invocationId }
      })
      const acknowledged = sends.flatMap(({ tag, id }) => (id === undefined ? [] : [{ tag, id }]))
      const results = await Promise.all(acknowledged.map(({ id }) => server.attach(id)))
      t.ok(results.every(({ status }) => status === 200))
      const list = (await server.call(`Cell/${key}/list`)).json as string[]
      t.same(
        acknowledged.filter(({ tag }) => !list.includes(tag)),
        [],
        'none is lost',
      )
      t.equal(new Set(list).size, list.length, 'none is doubled')
    },
  }),

  corner(94, 'kill -9 under load: the same along a chain of service and object', {
    sdk: async (t, { startServer }) => {
      const server = await startServer(t)
      const key = unique()
      const answers = await doAcrossCrash(server, 60, (n) =>
        insist(() => server.call('Caller/chain', { key, tag: String(n) }, { key: `${key}-${n}` })),
      )
      t.ok(answers.every(({ status }) => status === 200))
      const list = (await server.call(`Cell/${key}/list`)).json as string[]
      t.same(
        list.map(Number).sort((a, b) => a - b),
        numbers(60),
      )
    },
  }),

  corner(95, 'kill -9 while a call waits: the same key again gets the one result', {
    sdk: async (t, { startServer, untilAttempts }) => {
      const server = await startServer(t)
      const key = unique()
      const first = server.call('Leaf/wait', undefined, { key })
      const broken = t.rejects(first)
      const { invocationId } = await server.send('Leaf/wait', undefined, { key })
      await untilAttempts(invocationId, 1)
      await server.kill()
      await broken
      await server.startAgain()
      const retried = server.call('Leaf/wait', undefined, { key })
      await aWhile()
      await server.resolve(invocationId, 'once')
      t.match(await retried, { status: 200, json: 'once', id: invocationId })
      t.match(await server.call('Leaf/wait', undefined, { key }), { json: 'once', id: invocationId })
    },
  }),

  corner(96, 'attach to a workflow answers after a restart', {
    sdk: async (t, { startServer }) => {
      const server = await startServer(t)
      const key = unique()
      const attach = () => server.ingress('GET', `/restate/workflow/Flow/${key}/attach`)
      await server.send(`Flow/${key}/run`, 'x')
      await aWhile()
      await crash(server)
      const attached = attach()
      await aWhile()
      await server.call(`Flow/${key}/resolve`, 'value')
      t.match(await attached, { status: 200, json: 'value' })
      await crash(server)
      t.match(await attach(), { status: 200, json: 'value' })
    },
  }),

  corner(97, 'SIGTERM lets calls in progress have their answers', {
    sdk: async (t, { startServer, untilAttempts }) => {
      const server = await startServer(t)
      const key = unique()
      const answer = server.call('Leaf/sleep', 1500, { key })
      const { invocationId } = await server.send('Leaf/sleep', 1500, { key })
      await untilAttempts(invocationId, 1)
      await server.stop()
      t.match(await answer, { status: 200, id: invocationId })
    },
  }),

  corner(98, 'a send that was acknowledged can be seen at once', {
    sdk: async (t, { server }) => {
      const views = await Promise.all(
        numbers(20).map(async () => {
          const { invocationId } = await server.send('Leaf/wait')
          return await server.find(invocationId)
        }),
      )
      t.match(views, Array(20).fill({ status: 'running' }))
    },
  }),
]
