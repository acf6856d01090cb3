import { randomBytes } from 'node:crypto'
import { createServer as createHttp2Server } from 'node:http2'
import * as restate from '@restatedev/restate-sdk'
import t from 'tap'
import { registerAdminRoutes } from '../../src/admin/register-admin-routes.ts'
import { DefaultEgressPolicy } from '../../src/invoker/egress/default-egress-policy.ts'
import { newDeploymentId } from '../../src/protocol/ids/deployment-id.ts'
import { discover } from '../../src/registry/discover.ts'
import { Registry } from '../../src/registry/registry.ts'
import { ensurePeer, runCli } from '../peer/peer.ts'
import { listening } from '../registry/endpoints.ts'
import { adminFastify, defaults, testAuth } from './admin-app.ts'
import { says } from './cli-output.ts'
import { FakePartitionClient } from './fake-partition-client.ts'

/** The official CLI, our admin API and registry, and services of the official SDK. Only the partition is not real. */
const greeter = restate.service({
  name: 'Greeter',
  handlers: { greet: async (_ctx: restate.Context, name: string) => `Hello ${name}` },
})
const greeterObject = restate.object({
  name: 'Greeter',
  handlers: { greet: async (_ctx: restate.ObjectContext, name: string) => `Hello ${name}` },
})

t.setTimeout(600_000)
await ensurePeer()

const client = new FakePartitionClient()
const registry = new Registry({
  schema: client.schema,
  commit: (command) => client.commit(command),
  discover: (request) =>
    discover(request, { dialer: { egress: new DefaultEgressPolicy() }, clusterName: 'localcluster' }),
  newDeploymentId: () => newDeploymentId(Date.now(), randomBytes(10)),
  now: Date.now,
  limits: defaults,
  routingHeaders: [],
})
const app = adminFastify()
registerAdminRoutes(app, {
  convertPayload: () => Promise.reject(new Error('no service is asked here')),
  auth: testAuth(),
  client,
  registry,
  config: defaults,
  server: { name: 'perdure', version: '0.1.0' },
  ingressEndpoint: () => 'http://127.0.0.1:8080/',
  now: Date.now,
  random: (byteLength) => randomBytes(byteLength),
  log: { info() {}, error() {} },
})
const adminUrl = await app.listen({ host: '127.0.0.1', port: 0 })
t.teardown(() => app.close())
t.teardown(() => registry.close())

const cli = (...args: string[]) => runCli(args, { RESTATE_ADMIN_URL: adminUrl })
const sdk = (service: typeof greeter | typeof greeterObject) =>
  createHttp2Server(restate.createEndpointHandler({ services: [service], logger: () => {} }))

t.test('register, look, and change the type', async (t) => {
  const port = await listening(t, sdk(greeter))
  const registered = await cli('deployments', 'register', `localhost:${port}`, '--yes')
  says(t, registered, 0, 'stdout', [
    '❯ SERVICES THAT WILL BE ADDED: - Greeter Type: Service HANDLER INPUT OUTPUT greet application/json application/json',
    '[OK]: DEPLOYMENT: Deployment ID: dp_1',
    'SERVICE REV Greeter 1',
  ])
  const id = /dp_\w+/.exec(registered.stdout)?.[0] ?? ''
  says(t, await cli('deployments', 'list'), 0, 'stdout', [`http://localhost:${port}/ HTTP ${id}`])
  says(t, await cli('deployments', 'describe', id), 0, 'stdout', [
    'SDK Version restate-sdk-typescript/1.17.2',
    'Protocol: [5, 7]',
    'Revision: 1 [Latest]',
  ])

  const otherPort = await listening(t, sdk(greeterObject))
  const other = ['register', `http://localhost:${otherPort}`]
  const refused = await cli('deployments', ...other, '--yes')
  says(t, refused, 1, 'stdout', [
    '❯ Breaking changes detected: META0006 [META0006] ',
    `restate deployment register http://localhost:${otherPort}/ --breaking`,
  ])
  says(t, refused, 1, 'stderr', ['Error: Registration failed'])
  says(t, await cli('deployments', ...other, '--breaking', '--yes'), 0, 'stdout', ['Revision: 1 -> 2', 'Greeter 2'])
  says(t, await cli('services', 'list'), 0, 'stdout', ['[public] Greeter 2 virtual object HTTP dp_1'])
})

t.test('nothing listens there', async (t) => {
  const result = await cli('deployments', 'register', 'http://127.0.0.1:1', '--yes')
  says(t, result, 1, 'stderr', [
    'Error: META0003 [META0003] ',
    `-> Http status code 500 Internal Server Error at '${adminUrl}/v4/deployments'`,
  ])
})
