import { type Context, object, service } from '@restatedev/restate-sdk'
import { corner } from '../corner.ts'
import { deploy } from '../deployed.ts'
import { eventually } from '../polling.ts'
import type { TestServer } from '../test-server.ts'
import { unique } from '../unique.ts'

/** What the tests read of a service in the admin API. */
interface ServiceView {
  readonly revision: number
  readonly deployment_id: string
  readonly public: boolean
  readonly idempotency_retention: string
  readonly handlers: readonly { readonly name: string }[]
}

async function serviceOf(server: TestServer, name: string): Promise<ServiceView> {
  return (await server.admin('GET', `/services/${name}`)).json as ServiceView
}

/** A service whose handlers tell the version of the code that ended them. */
function version(name: string, version: string) {
  return service({
    name,
    handlers: {
      async now(): Promise<string> {
        return version
      },
      /** Pinned when it waits. */
      async pinned(ctx: Context): Promise<string> {
        const began = await ctx.run('version', () => version)
        await ctx.awakeable<string>().promise
        return `${began} ${version}`
      },
      /** Not pinned when it waits. */
      async unpinned(ctx: Context): Promise<string> {
        await ctx.awakeable<string>().promise
        return version
      },
    },
    options: { inactivityTimeout: 0, retryPolicy: { initialInterval: 50, maxInterval: 100 } },
  })
}

async function sendAndSuspend(server: TestServer, path: string): Promise<string> {
  const { invocationId } = await server.send(path)
  await server.until(invocationId, 'suspended')
  return invocationId
}

/** Deployments and revisions. */
export const deployments = [
  corner(81, 'a new revision takes what is new and what was never pinned; what is pinned stays', {
    sdk: async (t, { server }) => {
      const name = `Versioned${unique()}`
      await server.register((await deploy(t, [version(name, 'v1')])).uri)
      const pinned = await sendAndSuspend(server, `${name}/pinned`)
      const unpinned = await sendAndSuspend(server, `${name}/unpinned`)
      await server.register((await deploy(t, [version(name, 'v2')])).uri)
      t.match(await server.call(`${name}/now`), { json: 'v2' })
      for (const id of [pinned, unpinned]) await server.resolve(id, 'go on')
      t.match(await server.attach(pinned), { json: 'v1 v1' })
      t.match(await server.attach(unpinned), { json: 'v2' })
    },
  }),

  corner(82, 'what is scheduled before a deployment runs on the new one', {
    sdk: async (t, { server }) => {
      const name = `Scheduled${unique()}`
      const next = await deploy(t, [version(name, 'v2')])
      await server.register((await deploy(t, [version(name, 'v1')])).uri)
      const { invocationId } = await server.send(`${name}/now`, undefined, { delay: '4s' })
      await server.register(next.uri)
      t.match(await server.find(invocationId), { status: 'scheduled' })
      t.match(await server.attach(invocationId), { json: 'v2' })
    },
  }),

  corner(83, 'the same address again: unchanged; with force: the same id, the next revision', {
    sdk: async (t, { server }) => {
      const name = `Again${unique()}`
      const deployed = await deploy(t, [version(name, 'v1')])
      const id = await server.register(deployed.uri)
      deployed.replace([version(name, 'v2'), version(`${name}Too`, 'v2')])
      const again = await server.admin('POST', '/deployments', { uri: deployed.uri })
      t.match(again, { status: 200, json: { id } })
      t.match(await serviceOf(server, name), { revision: 1, deployment_id: id })
      t.equal((await server.admin('GET', `/services/${name}Too`)).status, 404)

      const forced = await server.admin('POST', '/deployments', { uri: deployed.uri, force: true })
      t.match(forced, { status: 200, json: { id } })
      t.match(await serviceOf(server, name), { revision: 2, deployment_id: id })
      t.match(await serviceOf(server, `${name}Too`), { revision: 1, deployment_id: id })
    },
  }),

  corner(84, 'a handler may go; a change of the type is refused, unless it is breaking or forced', {
    sdk: async (t, { server }) => {
      const name = `Changing${unique()}`
      const plain = (...names: string[]) =>
        service({ name, handlers: Object.fromEntries(names.map((each) => [each, async () => each])) })
      const keyed = object({ name, handlers: { stays: async () => 'object' } })
      await server.register((await deploy(t, [plain('stays', 'goes')])).uri)
      const withoutHandler = await deploy(t, [plain('stays')])
      t.ok(await server.register(withoutHandler.uri))
      t.equal((await server.call(`${name}/goes`)).status, 404)
      t.match(await server.call(`${name}/stays`), { json: 'stays' })

      const otherType = await deploy(t, [keyed])
      const refused = await server.admin('POST', '/deployments', { uri: otherType.uri })
      t.match(refused, { status: 409, json: { restate_code: 'META0006' } })
      t.match(await server.call(`${name}/stays`), { json: 'stays' })
      t.ok(await server.register(otherType.uri, { breaking: true }))
      t.match(await server.call(`${name}/key/stays`), { json: 'object' })

      withoutHandler.replace([plain('stays')])
      t.ok(await server.register(withoutHandler.uri, { force: true }))
      t.match(await server.call(`${name}/stays`), { json: 'stays' })
    },
  }),

  corner(85, 'removal needs force; the revision before it takes over; what was pinned fails with RT0011', {
    sdk: async (t, { server }) => {
      const name = `Removed${unique()}`
      await server.register((await deploy(t, [version(name, 'v1')])).uri)
      const id = await server.register((await deploy(t, [version(name, 'v2')])).uri)
      const pinned = await sendAndSuspend(server, `${name}/pinned`)
      t.equal((await server.admin('DELETE', `/deployments/${id}`)).status, 501)
      t.match(await server.call(`${name}/now`), { json: 'v2' })
      t.equal((await server.admin('DELETE', `/deployments/${id}?force=true`)).status, 202)
      t.match(await server.call(`${name}/now`), { json: 'v1' })

      await server.resolve(pinned, 'go on')
      const isRetried = (view: Awaited<ReturnType<TestServer['find']>>) => view?.last_failure_error_code === 'RT0011'
      await eventually('RT0011', () => server.find(pinned), isRetried)
      t.match(await server.find(pinned), { status: /running|backing-off/, pinned_deployment_id: id })
      await server.operate(pinned, 'kill')
    },
  }),

  corner(86, 'what was patched on a service is lost with its next registration', {
    sdk: async (t, { server }) => {
      const name = `Patched${unique()}`
      const deployed = await deploy(t, [version(name, 'v1')])
      await server.register(deployed.uri)
      const patch = { public: false, idempotency_retention: '5m' }
      t.equal((await server.admin('PATCH', `/services/${name}`, patch)).status, 200)
      t.match(await serviceOf(server, name), { ...patch, revision: 1 })
      t.equal((await server.call(`${name}/now`)).status, 400)
      await server.register(deployed.uri, { force: true })
      t.match(await serviceOf(server, name), { public: true, idempotency_retention: '1d', revision: 2 })
      t.match(await server.call(`${name}/now`), { json: 'v1' })
    },
  }),
]
