import t, { type Test } from 'tap'
import type { PutDeployment, RemoveDeployment } from '../../src/core/commands/command.ts'
import type { DeploymentAuth } from '../../src/core/deployment.ts'
import { Schema } from '../../src/core/schema.ts'
import { DiscoveryStatus } from '../../src/errors/registry.ts'
import { decodeManifest } from '../../src/protocol/manifest.ts'
import type { DiscoveryRequest } from '../../src/registry/discover.ts'
import { Registry } from '../../src/registry/registry.ts'
import { deploymentId } from './deployment-id.ts'
import { greeterManifest } from './endpoints.ts'

const account = 'caller@proj.iam.gserviceaccount.com'
const kind = 'google-id-token' as const

/** A registry whose discovery finds the same service everywhere, until it is to fail. */
function fixture(t: Test) {
  const schema = new Schema()
  const discoveries: DiscoveryRequest[] = []
  const state: { failure: Error | undefined; until: Promise<void> | undefined; clock: number } = {
    failure: undefined,
    until: undefined,
    clock: 0,
  }
  const registry = new Registry({
    schema,
    commit: async (command: PutDeployment | RemoveDeployment) => {
      // As it comes back from the log.
      if (command.type === 'put-deployment') schema.put(JSON.parse(JSON.stringify(command.deployment)))
      else schema.remove(command.deploymentId)
    },
    discover: async (request) => {
      discoveries.push(request)
      if (state.until !== undefined) await state.until
      if (state.failure !== undefined) throw state.failure
      return {
        manifest: decodeManifest(Buffer.from(JSON.stringify(greeterManifest))),
        httpVersion: 'HTTP/2.0',
        sdkVersion: 'fake/1',
      }
    },
    newDeploymentId: () => deploymentId('dp_1'),
    now: () => ++state.clock,
    limits: {
      maxJournalRetentionMs: undefined,
      maxIdempotencyRetentionMs: undefined,
      maxWorkflowCompletionRetentionMs: undefined,
      maxRetryPolicyMaxAttempts: undefined,
    },
    routingHeaders: [],
  })
  t.teardown(() => registry.close())
  const stored = (): DeploymentAuth | undefined => schema.deployment(deploymentId('dp_1'))?.auth
  return { schema, discoveries, state, registry, stored }
}

t.test('registration: the audience is derived from the text, and the proof is discovery with it', async (t) => {
  for (const [uri, audience] of [
    ['https://Svc-ABC.a.run.app', 'https://Svc-ABC.a.run.app'],
    ['HTTPS://svc.a.run.app:443/base?x=1', 'https://svc.a.run.app:443'],
    ['http://LOCALHOST:9080/', 'http://LOCALHOST:9080'],
    ['http://[::1]:9080', 'http://[::1]:9080'],
  ] as const) {
    const { registry, discoveries, stored } = fixture(t)
    const { deployment } = await registry.register({ uri, auth: { kind } })
    t.strictSame(deployment.auth, { kind, audience }, uri)
    t.strictSame(stored(), { kind, audience })
    t.strictSame(discoveries[0]?.auth, { kind, audience })
  }
  const { registry, stored } = fixture(t)
  await registry.register({
    uri: 'https://h',
    auth: { kind, audience: 'https://other', impersonateServiceAccount: account },
  })
  t.strictSame(stored(), { kind, audience: 'https://other', impersonateServiceAccount: account })
})

t.test('what is refused, before anything is asked', async (t) => {
  const { registry, discoveries, schema } = fixture(t)
  const refused = { status: 400 }
  for (const [request, field] of [
    [{ uri: 'http://svc.example', auth: { kind } }, 'auth'],
    [{ uri: 'http://169.254.169.254', auth: { kind } }, 'auth'],
    [{ uri: 'http://foo.localhost', auth: { kind } }, 'auth'],
    [{ uri: 'https://h', auth: { kind, audience: '' } }, 'auth.audience'],
    [{ uri: 'https://h', auth: { kind, audience: 'https://h\r\nx: 1' } }, 'auth.audience'],
    [{ uri: 'https://h', auth: { kind, audience: 'a b' } }, 'auth.audience'],
    [
      { uri: 'https://h', auth: { kind, impersonateServiceAccount: 'x@y/../../other:generateAccessToken?' } },
      'auth.impersonate_service_account',
    ],
    [{ uri: 'https://h', auth: { kind, impersonateServiceAccount: '' } }, 'auth.impersonate_service_account'],
    [
      { uri: 'https://h', auth: { kind }, additionalHeaders: { 'X-Serverless-Authorization': 'a' } },
      'additional_headers',
    ],
    [{ uri: 'https://h', additionalHeaders: { 'x-serverless-authorization': 'a' } }, 'additional_headers'],
  ] as const) {
    await t.rejects(registry.register(request), { ...refused, message: new RegExp(`field '${field}' is invalid`) })
  }
  t.same(discoveries, [])
  t.same([...schema.deployments()], [])
})

t.test('an address that is known', async (t) => {
  const { registry, discoveries, state, stored } = fixture(t)
  const uri = 'https://h'
  await registry.register({ uri, auth: { kind } })
  const before = stored()

  t.equal((await registry.register({ uri, auth: { kind, audience: 'https://b' } })).outcome, 'unchanged')
  t.equal((await registry.register({ uri })).outcome, 'unchanged')
  t.equal(stored(), before)
  t.equal(discoveries.length, 1)
  // Even where nothing is done.
  const invalid = { status: 400, message: /auth\.audience/ }
  await t.rejects(registry.register({ uri, auth: { kind, audience: '' } }), invalid)

  const rotated = { kind, audience: 'https://b', impersonateServiceAccount: account }
  await registry.register({ uri, auth: rotated, force: true, dryRun: true })
  t.equal(stored(), before)
  await registry.register({ uri, auth: rotated, force: true })
  t.strictSame(stored(), rotated)

  state.failure = new DiscoveryStatus('403')
  await t.rejects(registry.register({ uri, force: true }), state.failure)
  t.equal(discoveries.at(-1)?.auth, undefined)
  t.strictSame(stored(), rotated, 'a failed removal')
  await t.rejects(registry.register({ uri, auth: { kind }, force: true }), state.failure)
  t.strictSame(stored(), rotated, 'a failed rotation')

  state.failure = undefined
  await registry.register({ uri, force: true })
  t.equal(stored(), undefined, 'removed')
})

t.test('updates', async (t) => {
  const { registry, discoveries, state, schema, stored } = fixture(t)
  const id = deploymentId('dp_1')
  await registry.register({ uri: 'https://h:443', auth: { kind } })
  const services = schema.deployment(id)?.services

  await registry.updateDeployment(id, { additionalHeaders: { a: '1' } })
  t.strictSame(stored(), { kind, audience: 'https://h:443' }, 'kept')
  t.strictSame(discoveries.at(-1)?.auth, stored(), 'and proven')

  const changed = await registry.updateDeployment(id, { auth: { kind, impersonateServiceAccount: account } })
  t.strictSame(stored(), { kind, audience: 'https://h', impersonateServiceAccount: account })
  t.strictSame(discoveries.at(-1)?.auth, stored())
  t.match(changed, { services, additionalHeaders: [['a', '1']] }, 'no new revision')

  await registry.updateDeployment(id, { uri: 'https://Other', auth: { kind } })
  t.strictSame(stored(), { kind, audience: 'https://Other' }, 'from the text of the update')

  state.failure = new DiscoveryStatus('403')
  await t.rejects(registry.updateDeployment(id, { auth: null }), state.failure)
  t.equal(discoveries.at(-1)?.auth, undefined, 'without')
  t.strictSame(stored(), { kind, audience: 'https://Other' })

  const asked = discoveries.length
  for (const [update, field] of [
    [{ additionalHeaders: { 'x-serverless-authorization': 'a' } }, 'additional_headers'],
    [{ additionalHeaders: { 'X-SERVERLESS-AUTHORIZATION': 'a' }, auth: null }, 'additional_headers'],
    [{ uri: 'http://svc.example' }, 'auth'],
    [{ auth: { kind, audience: 'ä' } }, 'auth.audience'],
  ] as const) {
    await t.rejects(registry.updateDeployment(id, update), {
      status: 400,
      message: new RegExp(`field '${field}' is invalid`),
    })
  }
  t.equal(discoveries.length, asked)

  state.failure = undefined
  await registry.updateDeployment(id, { auth: null })
  t.equal(stored(), undefined)
  t.match(schema.deployment(id), { services, additionalHeaders: [['a', '1']], uri: 'https://other/' })
})

t.test('changes at the same time: none is undone by another, and an audience stays with its address', async (t) => {
  const { registry, discoveries, schema, state, stored } = fixture(t)
  const id = deploymentId('dp_1')
  await registry.register({ uri: 'https://h', auth: { kind } })
  const headersOf = () => schema.deployment(id)?.additionalHeaders

  // Discoveries of different addresses run side by side; this one ends last.
  const moving = Promise.withResolvers<void>()
  state.until = moving.promise
  const move = registry.updateDeployment(id, { uri: 'https://other' })
  state.until = undefined
  await registry.updateDeployment(id, {
    auth: { kind, impersonateServiceAccount: account },
    additionalHeaders: { a: '1' },
  })
  t.strictSame(stored(), { kind, audience: 'https://h', impersonateServiceAccount: account })
  moving.resolve()
  await move
  t.strictSame(stored(), { kind, audience: 'https://h', impersonateServiceAccount: account }, 'a rotation')
  t.strictSame(headersOf(), [['a', '1']])
  t.equal(schema.deployment(id)?.uri, 'https://other/')
  t.match(discoveries.at(-1), { auth: { impersonateServiceAccount: account } }, 'and what is stored was proven')

  // One that waits for its turn at an address that the deployment leaves meanwhile.
  const first = Promise.withResolvers<void>()
  state.until = first.promise
  const holds = registry.updateDeployment(id, { useHttp11: false })
  state.until = undefined
  const waits = registry.updateDeployment(id, { auth: { kind } })
  await registry.updateDeployment(id, { uri: 'https://third', auth: { kind } })
  first.resolve()
  await Promise.all([holds, waits])
  t.strictSame(stored(), { kind, audience: 'https://third' })
  t.equal(schema.deployment(id)?.uri, 'https://third/')
  for (const { url, auth } of discoveries.slice(-2)) {
    t.match(auth, { audience: url.origin }, 'no token for one address goes to another')
  }
})

t.test('changes of a service leave it alone', async (t) => {
  const { registry, stored } = fixture(t)
  await registry.register({ uri: 'https://h', auth: { kind } })
  await registry.patchService('Greeter', { public: false })
  t.strictSame(stored(), { kind, audience: 'https://h' })
})
