import t from 'tap'
import type { PutDeployment, RemoveDeployment } from '../../src/core/commands/command.ts'
import { Schema } from '../../src/core/schema.ts'
import { DeploymentUnreachable } from '../../src/errors/registry.ts'
import { decodeManifest } from '../../src/protocol/manifest.ts'
import type { Discovered, DiscoveryRequest } from '../../src/registry/discover.ts'
import { Registry, type RegistryOptions } from '../../src/registry/registry.ts'
import { deploymentId } from './deployment-id.ts'

function discovered(services: Readonly<Record<string, string>>, change: object = {}): Discovered {
  const manifest = {
    protocolMode: 'BIDI_STREAM',
    minProtocolVersion: 5,
    maxProtocolVersion: 7,
    services: Object.entries(services).map(([name, ty]) => ({
      name,
      ty,
      handlers: [{ name: 'run', ty: ty === 'WORKFLOW' ? ty : null }],
    })),
    ...change,
  }
  return {
    manifest: decodeManifest(Buffer.from(JSON.stringify(manifest))),
    httpVersion: 'HTTP/2.0',
    sdkVersion: 'fake/1',
  }
}

/** A registry on a schema of its own, with a clock that ticks at each look, and what it did. */
function fixture(overrides: Partial<RegistryOptions> = {}) {
  const schema = new Schema()
  const commands: (PutDeployment | RemoveDeployment)[] = []
  const discoveries: DiscoveryRequest[] = []
  const state = { found: discovered({ Greeter: 'SERVICE' }), clock: 1000, ids: 0 }
  const registry = new Registry({
    schema,
    commit: async (command) => {
      await new Promise((resolve) => setImmediate(resolve))
      commands.push(command)
      if (command.type === 'put-deployment') schema.put(command.deployment)
      else schema.remove(command.deploymentId)
    },
    discover: async (request) => {
      discoveries.push(request)
      await new Promise((resolve) => setImmediate(resolve))
      return state.found
    },
    newDeploymentId: () => deploymentId(`dp_${++state.ids}`),
    now: () => ++state.clock,
    limits: {
      maxJournalRetentionMs: undefined,
      maxIdempotencyRetentionMs: undefined,
      maxWorkflowCompletionRetentionMs: undefined,
      maxRetryPolicyMaxAttempts: undefined,
    },
    routingHeaders: [],
    ...overrides,
  })
  return { schema, commands, discoveries, state, registry }
}

t.test('a first registration', async (t) => {
  const { registry, commands, discoveries, schema } = fixture()
  const { deployment, outcome, info } = await registry.register({
    uri: 'http://LocalHost:9080/a?x=1',
    additionalHeaders: { 'X-Key': 'v' },
    metadata: { k: 'v' },
    useHttp11: true,
  })
  t.equal(outcome, 'created')
  t.same(info, [])
  t.match(discoveries, [{ useHttp11: true, additionalHeaders: [['x-key', 'v']] }])
  t.match(deployment, {
    id: 'dp_1',
    uri: 'http://localhost:9080/a/?x=1',
    protocolMode: 'BIDI_STREAM',
    httpVersion: 'HTTP/2.0',
    additionalHeaders: [['x-key', 'v']],
    metadata: { k: 'v' },
    createdAt: 1001,
    minProtocolVersion: 5,
    maxProtocolVersion: 7,
    sdkVersion: 'fake/1',
    services: [{ name: 'Greeter', revision: 1 }],
  })
  t.match(commands, [{ type: 'put-deployment', deployment }])
  t.equal(schema.service('Greeter')?.deployment, deployment)
})

t.test('the same address again: nothing happens, not even a discovery', async (t) => {
  const { registry, commands, discoveries } = fixture()
  const first = await registry.register({ uri: 'http://h:1' })
  const again = await registry.register({ uri: 'https://H:1/?q', additionalHeaders: { 'x-key': 'new' } })
  t.equal(again.outcome, 'unchanged')
  t.equal(again.deployment, first.deployment)
  t.equal(discoveries.length, 1)
  t.equal(commands.length, 1)
})

t.test('routing headers tell deployments apart', async (t) => {
  const { registry, schema } = fixture({ routingHeaders: ['X-Version'] })
  const at = (version: string) => registry.register({ uri: 'http://h:1', additionalHeaders: { 'X-Version': version } })
  t.equal((await at('a')).outcome, 'created')
  t.equal((await at('b')).outcome, 'created')
  t.equal((await at('a')).outcome, 'unchanged')
  t.equal([...schema.deployments()].length, 2)
})

t.test('forced: same id, all else is new', async (t) => {
  const { registry, state } = fixture()
  await registry.register({ uri: 'http://h:1', additionalHeaders: { 'x-key': 'old' }, metadata: { m: 'old' } })
  state.found = discovered({ Counter: 'VIRTUAL_OBJECT' })
  const { deployment, outcome } = await registry.register({ uri: 'https://h:1', force: true })
  t.equal(outcome, 'overwritten')
  t.match(deployment, { id: 'dp_1', uri: 'https://h:1/', metadata: {}, services: [{ name: 'Counter', revision: 1 }] })
  t.same(deployment.additionalHeaders, [])
  t.equal(deployment.services.length, 1)
  t.ok(deployment.createdAt > 1001)
})

t.test('a dry run does everything but store', async (t) => {
  const { registry, commands, discoveries, schema } = fixture()
  const dry = await registry.register({ uri: 'http://h:1', dryRun: true })
  t.equal(dry.outcome, 'created')
  t.match(dry.deployment.services, [{ name: 'Greeter', revision: 1 }])
  t.same(commands, [])
  t.equal([...schema.deployments()].length, 0)
  const real = await registry.register({ uri: 'http://h:1' })
  t.not(real.deployment.id, dry.deployment.id)
  t.equal(discoveries.length, 2)
})

t.test('registrations side by side', async (t) => {
  const { registry, schema } = fixture()
  const same = await Promise.all(['http://h:1', 'http://H:1/', 'https://h:1'].map((uri) => registry.register({ uri })))
  t.same(
    same.map(({ outcome }) => outcome),
    ['created', 'unchanged', 'unchanged'],
  )
  const forced = await Promise.all([1, 2, 3].map(() => registry.register({ uri: 'http://h:1', force: true })))
  t.same(
    forced.map(({ deployment }) => deployment.services[0]?.revision),
    [2, 3, 4],
  )
  const others = await Promise.all([2, 3, 4, 5].map((port) => registry.register({ uri: `http://h:${port}` })))
  t.same(others.map(({ deployment }) => deployment.services[0]?.revision).sort(), [5, 6, 7, 8])
  t.equal([...schema.deployments()].length, 5)
})

t.test('discoveries of different addresses do not wait for each other', async (t) => {
  const hanging = Promise.withResolvers<Discovered>()
  const { registry } = fixture({
    discover: async ({ url }) => (url.port === '1' ? hanging.promise : discovered({ Greeter: 'SERVICE' })),
  })
  const slow = registry.register({ uri: 'http://h:1' })
  t.match((await registry.register({ uri: 'http://h:2' })).deployment.services, [{ revision: 1 }])
  hanging.resolve(discovered({ Greeter: 'SERVICE' }))
  t.match((await slow).deployment.services, [{ revision: 2 }])
})

t.test('a failure leaves everything untouched, and the way free', async (t) => {
  const failures: [string, Partial<RegistryOptions>][] = [
    ['discovery', { discover: () => Promise.reject(new DeploymentUnreachable('gone')) }],
    ['log', { commit: () => Promise.reject(new Error('disk full')) }],
    ['protocol', { discover: async () => discovered({}, { minProtocolVersion: 8, maxProtocolVersion: 8 }) }],
    ['manifest', { discover: async () => discovered({ restate: 'SERVICE' }) }],
  ]
  for (const [what, override] of failures) {
    const { registry, schema, commands } = fixture(override)
    await t.rejects(registry.register({ uri: 'http://h:1' }), what)
    await t.rejects(registry.register({ uri: 'http://h:1' }), 'again, not stuck')
    t.same(commands, [])
    t.equal([...schema.deployments()].length, 0)
  }
})

t.test('bad requests are refused before anything is asked', async (t) => {
  const { registry, discoveries } = fixture()
  await t.rejects(registry.register({ uri: 'h:1' }), { status: 400, message: /'uri'/ })
  await t.rejects(registry.register({ uri: 'http://h', additionalHeaders: { Host: 'x' } }), {
    status: 400,
    message: /'additional_headers'/,
  })
  t.same(discoveries, [])
})

t.test('removal: services fall back', async (t) => {
  const { registry, schema, commands } = fixture()
  const first = await registry.register({ uri: 'http://h:1' })
  const second = await registry.register({ uri: 'http://h:2' })
  await registry.remove(second.deployment.id)
  t.equal(schema.service('Greeter')?.deployment.id, first.deployment.id)
  t.match(commands.at(-1), { type: 'remove-deployment', deploymentId: second.deployment.id })
  const unknown = { status: 404, message: /deployment 'dp_2' does not exist/ }
  await t.rejects(registry.remove(second.deployment.id), unknown)
})

t.test('updates', async (t) => {
  t.test('nothing asked, nothing done', async (t) => {
    const { registry, discoveries } = fixture()
    const { deployment } = await registry.register({ uri: 'http://h:1' })
    t.equal(await registry.updateDeployment(deployment.id, {}), deployment)
    t.equal(discoveries.length, 1)
    await t.rejects(registry.updateDeployment(deploymentId('dp_9'), {}), {
      code: 'PERDURE_ERR_REGISTRY_NOT_REGISTERED',
      status: 404,
    })
  })

  t.test('address and headers move, the rest stays', async (t) => {
    const { registry, schema, discoveries, state } = fixture()
    const { deployment } = await registry.register({
      uri: 'http://h:1',
      additionalHeaders: { a: '1' },
      metadata: { m: '1' },
    })
    state.found = { ...discovered({ Other: 'SERVICE' }), httpVersion: 'HTTP/1.1', sdkVersion: 'fake/2' }
    const updated = await registry.updateDeployment(deployment.id, { uri: 'http://h:2', useHttp11: true })
    t.match(discoveries.at(-1), { useHttp11: true, additionalHeaders: [['a', '1']] })
    t.same(updated, { ...deployment, uri: 'http://h:2/', httpVersion: 'HTTP/1.1', sdkVersion: 'fake/2' })
    t.equal(schema.deployment(deployment.id), updated)
    const replaced = await registry.updateDeployment(deployment.id, { additionalHeaders: { b: '2' } })
    t.match(discoveries.at(-1), { useHttp11: true })
    t.same(replaced.additionalHeaders, [['b', '2']])
  })

  t.test('overwrite takes the services over, revisions stay', async (t) => {
    const { registry, state } = fixture()
    const { deployment } = await registry.register({ uri: 'http://h:1' })
    await registry.register({ uri: 'http://h:2' })
    state.found = discovered({ Greeter: 'SERVICE', Added: 'SERVICE' })
    const updated = await registry.updateDeployment(deployment.id, { overwrite: true })
    t.match(updated.services, [
      { name: 'Greeter', revision: 1 },
      { name: 'Added', revision: 1 },
    ])
  })

  t.test('a dry run stores nothing', async (t) => {
    const { registry, schema, commands } = fixture()
    const { deployment } = await registry.register({ uri: 'http://h:1' })
    t.match(await registry.updateDeployment(deployment.id, { uri: 'http://h:2', dryRun: true }), {
      uri: 'http://h:2/',
    })
    t.equal(schema.deployment(deployment.id), deployment)
    t.equal(commands.length, 1)
  })

  t.test('the protocol versions must stay', async (t) => {
    const { registry, schema, state } = fixture()
    const { deployment } = await registry.register({ uri: 'http://h:1' })
    state.found = discovered({ Greeter: 'SERVICE' }, { maxProtocolVersion: 6 })
    await t.rejects(registry.updateDeployment(deployment.id, { uri: 'http://h:2' }), {
      status: 400,
      restateCode: 'META0016',
      message: /5 to 7 into 5 to 6/,
    })
    t.equal(schema.deployment(deployment.id), deployment)
  })

  t.test('removed meanwhile', async (t) => {
    const { registry, schema } = fixture()
    const { deployment } = await registry.register({ uri: 'http://h:1' })
    const update = registry.updateDeployment(deployment.id, { uri: 'http://h:2' })
    await registry.remove(deployment.id)
    await t.rejects(update, { code: 'PERDURE_ERR_REGISTRY_NOT_REGISTERED', status: 404 })
    t.equal(schema.deployment(deployment.id), undefined)
  })
})

t.test('changes of a service', async (t) => {
  const { registry, schema, commands, state } = fixture()
  state.found = discovered({ Greeter: 'SERVICE', Signup: 'WORKFLOW' })
  await registry.register({ uri: 'http://h:1' })
  const changed = await registry.patchService('Greeter', {
    public: false,
    idempotencyRetentionMs: 5,
    abortTimeoutMs: 6,
  })
  t.match(changed.service, {
    revision: 1,
    public: false,
    idempotencyRetentionMs: 5,
    abortTimeoutMs: 6,
    handlers: [{ name: 'run', public: false }],
  })
  t.same(schema.service('Greeter')?.service, changed.service)
  t.match(schema.service('Signup')?.service, { public: true })

  const count = commands.length
  t.equal((await registry.patchService('Greeter', {})).service, changed.service)
  t.equal(commands.length, count, 'nothing to store')

  const workflow = await registry.patchService('Signup', { workflowCompletionRetentionMs: 9 })
  t.match(workflow.service, { workflowCompletionRetentionMs: 9, handlers: [{ workflowCompletionRetentionMs: 9 }] })
  await t.rejects(registry.patchService('Greeter', { workflowCompletionRetentionMs: 9 }), {
    status: 400,
    message: /modifying retention time for service type Service is unsupported/,
  })
  await t.rejects(registry.patchService('Nobody', { public: true }), {
    status: 404,
    message: /'Nobody' does not exist/,
  })

  await registry.register({ uri: 'http://h:1', force: true })
  t.match(schema.service('Greeter')?.service, { revision: 2, public: true }, 'the next registration resets')
})

t.test('closing breaks discoveries off', async (t) => {
  const { registry, commands } = fixture({
    discover: ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason))
      }),
  })
  const running = registry.register({ uri: 'http://h:1' })
  const waiting = registry.register({ uri: 'http://h:1' })
  const closed = { code: 'PERDURE_ERR_REGISTRY_CLOSED', status: 503 }
  await Promise.all([t.rejects(running, closed), t.rejects(waiting, closed), registry.close()])
  await t.rejects(registry.register({ uri: 'http://h:2' }), closed)
  t.same(commands, [])
})
