import { type Context, handlers, service, TerminalError } from '@restatedev/restate-sdk'
import { Bench } from '../../core/fixtures.ts'
import { corner } from '../corner.ts'
import { deploy } from '../deployed.ts'
import { aWhile } from '../polling.ts'
import type { InvocationView, TestServer } from '../test-server.ts'
import { unique } from '../unique.ts'

const MANY = 1000

const eventTypes = (view: InvocationView | undefined) => view?.events?.map((event) => event.event_type)

/** A handler that has begun and waits, without being suspended. */
async function startWaiting(server: TestServer, untilAttempts: (id: string, count: number) => Promise<void>) {
  const { invocationId } = await server.send('Leaf/wait')
  await untilAttempts(invocationId, 1)
  return invocationId
}

/** Two deployments of one service: what fails on the first succeeds on the second. */
function versions(name: string) {
  const pinned = async (ctx: Context): Promise<string> => await ctx.run('pin', () => 'pinned')
  const wait = async (ctx: Context): Promise<string> => await ctx.awakeable<string>().promise
  const options = { retryPolicy: { maxAttempts: 1, onMaxAttempts: 'pause' as const } }
  /** Suspends behind its first command, and then tells which code it goes on with. */
  const suspends = (version: string) =>
    handlers.handler({ inactivityTimeout: 0 }, async (ctx: Context): Promise<string> => {
      return `${await pinned(ctx)}, ${await wait(ctx)}, ${version}`
    })
  const broken = service({
    name,
    handlers: {
      wait,
      suspends: suspends('broken'),
      async late(ctx: Context): Promise<string> {
        await pinned(ctx)
        throw new Error('broken')
      },
      async early(): Promise<string> {
        throw new Error('broken')
      },
    },
    options,
  })
  const repaired = service({
    name,
    handlers: {
      wait,
      suspends: suspends('repaired'),
      async late(ctx: Context): Promise<string> {
        return `${await pinned(ctx)}, repaired`
      },
      async early(): Promise<string> {
        return 'repaired'
      },
    },
    options,
  })
  return { broken, repaired }
}

/** Retries, pause and resume. */
export const retries = [
  corner(73, 'three attempts, then pause: one TransientError, one Paused', {
    sdk: async (t, { server, attempts }) => {
      const { invocationId } = await server.send('Limited/pauses', MANY)
      const view = await server.until(invocationId, 'paused')
      t.equal(await attempts(invocationId), 3)
      t.same(eventTypes(view), ['TransientError', 'Paused'])
      await server.operate(invocationId, 'kill')
    },
  }),

  corner(74, 'three attempts, then kill: the caller gets the last error', {
    sdk: async (t, { server, attempts }) => {
      const answer = await server.call('Limited/kills')
      t.match(answer, { status: 500, json: { code: 500, message: 'failure 3', source: 'invocation' } })
      t.equal(await attempts(answer.id), 3)
    },
  }),

  corner(75, 'resume gives new attempts, progress does not, a restart of the server does not', {
    restate: 'a restart of the server gives new attempts',
    core: (t) => {
      const bench = new Bench()
      bench.invoke('a')
      bench.fail('a', { kind: 'retry', at: bench.now })
      bench.append('a', { kind: 'run', completionId: 1, name: '' })
      bench.decide({ type: 'restart-attempt', now: bench.now, seq: bench.seq('a') })
      t.match(bench.get('a').retry, { countedFailures: 1 })
      bench.fail('a', { kind: 'pause' })
      bench.operate({ type: 'resume', id: bench.get('a').id, deployment: 'keep' })
      t.equal(bench.get('a').retry, undefined)
    },
    sdk: async (t, { server, startServer, attempts, untilAttempts }) => {
      const progressing = await server.send('Limited/progresses')
      const own = await startServer(t)
      const { invocationId: interrupted } = await own.send('Limited/pausesSlowly', MANY)
      await untilAttempts(interrupted, 1)
      await own.until(interrupted, 'backing-off')
      await own.kill()
      await own.startAgain()

      await server.until(progressing.invocationId, 'paused')
      t.equal(await attempts(progressing.invocationId), 3, 'progress')
      await server.operate(progressing.invocationId, 'resume')
      await untilAttempts(progressing.invocationId, 6)
      await server.until(progressing.invocationId, 'paused')
      t.equal(await attempts(progressing.invocationId), 6, 'resume')

      await own.until(interrupted, 'paused')
      t.equal(await attempts(interrupted), 3, 'restart')
    },
  }),

  corner(76, 'resume: of a paused invocation, of a suspended one, of one that backs off', {
    sdk: async (t, { server, attempts, untilAttempts }) => {
      const { invocationId: paused } = await server.send('Limited/pauses', 3)
      const { invocationId: suspended } = await server.send('Limited/suspends')
      const { invocationId: backingOff } = await server.send('Limited/backsOff', 1)
      await server.until(paused, 'paused')
      await server.until(suspended, 'suspended')
      await server.until(backingOff, 'backing-off')
      for (const id of [paused, suspended, backingOff]) t.equal((await server.operate(id, 'resume')).status, 200)
      t.match(await server.attach(paused), { json: 'attempt 4' })
      t.match(await server.attach(backingOff), { json: 'attempt 2' })
      await untilAttempts(suspended, 2)
      await server.until(suspended, 'suspended')
      await server.resolve(suspended, 'x')
      t.match(await server.attach(suspended), { json: 'x' })
      t.equal(await attempts(suspended), 3)
    },
  }),

  corner(77, 'pause: running 202, paused 200, pending 409; also what is suspended, and it outlives a crash', {
    restate: 'what is suspended stays so, a crash forgets the pause',
    sdk: async (t, { server, startServer, untilAttempts }) => {
      const pause = async (at: TestServer, id: string) => (await at.operate(id, 'pause')).status
      const running = await startWaiting(server, untilAttempts)
      t.equal(await pause(server, running), 202)
      await server.until(running, 'paused')
      t.equal(await pause(server, running), 200)

      const key = unique()
      await server.send(`Cell/${key}/hold`, 'holder')
      const { invocationId: pending } = await server.send(`Cell/${key}/push`, 'next')
      t.equal(await pause(server, pending), 409)

      const own = await startServer(t)
      const { invocationId: suspended } = await own.send('Limited/suspends')
      await own.until(suspended, 'suspended')
      t.equal(await pause(own, suspended), 202)
      t.match(await own.find(suspended), { status: 'paused' })
      await own.kill()
      await own.startAgain()
      await own.resolve(suspended, 'later')
      await aWhile()
      t.match(await own.find(suspended), { status: 'paused' })
      await own.operate(suspended, 'resume')
      t.match(await own.attach(suspended), { json: 'later' })
    },
  }),

  corner(78, 'a result that comes during a pause is kept, and does not end the pause', {
    sdk: async (t, { server, attempts, untilAttempts }) => {
      const paused = await startWaiting(server, untilAttempts)
      await server.operate(paused, 'pause')
      await server.until(paused, 'paused')
      await server.resolve(paused, 'kept')
      await aWhile()
      t.match(await server.find(paused), { status: 'paused', journal_size: 2 })
      t.equal(await attempts(paused), 1)
      await server.operate(paused, 'resume')
      t.match(await server.attach(paused), { json: 'kept' })
    },
  }),

  corner(79, 'resume on another deployment: only paused or suspended, and pinned; 409, or 400 for an unknown one', {
    sdk: async (t, { server }) => {
      const name = `Moving${unique()}`
      const { broken, repaired } = versions(name)
      const old = await deploy(t, [broken])
      const oldId = await server.register(old.uri)
      const { invocationId: pinned } = await server.send(`${name}/late`)
      const { invocationId: unpinned } = await server.send(`${name}/early`)
      const { invocationId: running } = await server.send(`${name}/wait`)
      const { invocationId: suspended } = await server.send(`${name}/suspends`)
      t.match(await server.until(pinned, 'paused'), { pinned_deployment_id: oldId })
      t.match(await server.until(suspended, 'suspended'), { pinned_deployment_id: oldId })
      t.equal((await server.until(unpinned, 'paused')).pinned_deployment_id, undefined)
      const newId = await server.register((await deploy(t, [repaired])).uri)

      const resume = async (id: string, deployment: string) =>
        (await server.operate(id, 'resume', { deployment })).status
      t.equal(await resume(running, newId), 409)
      t.equal(await resume(unpinned, newId), 409)
      t.equal(await resume(pinned, 'dp_11111111111111111111111'), 400)
      t.match(await server.find(pinned), { status: 'paused', pinned_deployment_id: oldId })

      t.equal(await resume(pinned, newId), 200)
      t.match(await server.attach(pinned), { status: 200, json: 'pinned, repaired' })
      t.match(await server.find(pinned), { pinned_deployment_id: newId })
      t.equal(await resume(suspended, newId), 200)
      await server.resolve(suspended, 'waited')
      t.match(await server.attach(suspended), { status: 200, json: 'pinned, waited, repaired' })
      t.equal(await resume(unpinned, 'latest'), 200)
      t.match(await server.attach(unpinned), { status: 200, json: 'repaired' })
    },
  }),

  corner(80, 'Retry-After of 429 and 503 is kept', {
    sdk: async (t, { server }) => {
      const name = `Busy${unique()}`
      const refusals = [429, 503]
      const arrivals: number[] = []
      const work = async (): Promise<string> => {
        throw new TerminalError('reached', { errorCode: 418 })
      }
      const busy = service({ name, handlers: { work }, options: { retryPolicy: { initialInterval: 10 } } })
      const { uri } = await deploy(t, [busy], (handler) => (request, response) => {
        if (!request.url.includes('/invoke/')) return handler(request, response)
        arrivals.push(Date.now())
        const refusal = refusals.shift()
        if (refusal === undefined) return handler(request, response)
        response.writeHead(refusal, { 'retry-after': '1' }).end()
      })
      await server.register(uri)
      t.match(await server.call(`${name}/work`), { status: 418 })
      const pauses = arrivals.slice(1).map((at, index) => at - (arrivals[index] ?? 0))
      t.equal(pauses.length, 2)
      for (const pause of pauses) t.ok(pause >= 990 && pause < 10_000, `${pause} ms`)
    },
  }),
]
