import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { formatAdminError } from '../../src/admin/error-answer.ts'
import { adminTarget } from '../../src/admin/target.ts'
import { hostGuard } from '../../src/listen/host-guard.ts'
import { createListener } from '../../src/listen/listener.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { ensurePeer, runCli } from '../peer/peer.ts'
import { listenerConfig, testAdmin } from './admin-app.ts'
import { says } from './cli-output.ts'
import { dpA, dpB, dpUnknown, handler, service } from './samples.ts'

/**
 * The official CLI against our admin API. Expected texts are what it printed against the official server 1.7.12 for the
 * same commands; ids and addresses are ours.
 */
const services = [
  service('Greeter', { handlers: [handler('greet'), handler('parent')] }),
  service('Counter', { type: 'VirtualObject', handlers: [handler('add', { type: 'Exclusive' })] }),
  service('Signup', {
    type: 'Workflow',
    handlers: [handler('run', { type: 'Workflow' }), handler('verify', { type: 'Shared' })],
  }),
]

// The first run installs the CLI.
t.setTimeout(600_000)
await ensurePeer()

for (const transport of ['tcp', 'unix'] as const) {
  t.test(`over ${transport}`, async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'perdure-admin-'))
    t.teardown(() => rm(dir, { recursive: true, force: true }))
    const lines: string[] = []
    const log = createLogger(
      { logFilter: 'info', logFormat: 'json', logDisableAnsiCodes: true },
      { write: (line) => lines.push(line) },
    )
    const config = listenerConfig(transport, join(dir, 'admin.sock'))
    await using listener = createListener('admin', config, log, {
      formatError: formatAdminError,
      routedTarget: adminTarget,
    })
    listener.app.addHook('onRequest', hostGuard([]))
    testAdmin({ log }, services, listener.app)
    const [address] = await listener.start()
    const adminUrl = address?.url ?? ''
    const cli = (...args: string[]) => runCli(args, { RESTATE_ADMIN_URL: adminUrl })

    await t.test('whoami', async (t) => {
      const result = await cli('whoami')
      says(t, result, 0, 'stdout', [
        `Admin base URL ${adminUrl}`,
        `[OK]: Admin Service '${transport === 'tcp' ? `${adminUrl}/` : 'http://localhost/'}' is healthy!`,
        'Advertised ingress address http://127.0.0.1:8080/',
      ])
      t.equal(result.stderr, '', 'no word about versions')
    })

    await t.test('nothing registered', async (t) => {
      says(t, await cli('deployments', 'list'), 0, 'stderr', [
        "[ERR]: No deployments were found! Did you forget to register your deployment with 'restate dep register'?",
      ])
      says(t, await cli('services', 'list'), 0, 'stderr', [
        "[ERR]: No services were found! Services are added by registering deployments with 'restate dep register'",
      ])
    })

    await t.test('deployments register', async (t) => {
      const args = ['register', 'http://localhost:19310', '--extra-header', 'authorization=Bearer abc']
      const result = await cli('deployments', ...args, '--metadata', 'k=v', '--yes')
      says(t, result, 0, 'stdout', [
        '❯ SERVICES THAT WILL BE ADDED:',
        '- Counter Type: VirtualObject virtual object HANDLER INPUT OUTPUT add application/json application/json',
        '- Signup Type: Workflow workflow HANDLER INPUT OUTPUT',
        'verify application/json application/json',
        'Are you sure you want to apply those changes? Auto-confirming --yes is set.',
        `[OK]: DEPLOYMENT: Deployment ID: ${dpA} SERVICE REV`,
        'Greeter 1',
        'Counter 1',
        'Signup 1',
      ])
      t.equal(result.stderr, '')
    })

    await t.test('deployments register again', async (t) => {
      says(t, await cli('deployments', 'register', 'http://localhost:19310', '--yes'), 0, 'stdout', [
        `❯ Deployment already exists with id ${dpA} No changes will be made.`,
        'restate deployment register http://localhost:19310/ --force',
      ])
    })

    await t.test('deployments list and describe', async (t) => {
      says(t, await cli('deployments', 'list'), 0, 'stdout', [
        'DEPLOYMENT TYPE ID CREATED-AT',
        `http://localhost:19310/ HTTP ${dpA} Sat 21 Nov 2026 17:18:51 +00:00 -`,
        '- Greeter [1]',
        '- Counter [1]',
        '- Signup [1]',
      ])
      const described = await cli('deployments', 'describe', dpA)
      says(t, described, 0, 'stdout', [
        'Deployment Information:',
        `ID: ${dpA} Transport: HTTP/2.0 Protocol Style: Bidirectional Stream Endpoint: http://localhost:19310/`,
        'SDK Version restate-sdk-typescript/1.17.2 Created at: Sat 21 Nov 2026 17:18:51 +00:00',
        'Deployment Additional Header: authorization: *** Protocol: [5, 7] k: v',
        '- Counter Type: VirtualObject virtual object Revision: 1 [Latest] HANDLER INPUT OUTPUT',
      ])
      t.notMatch(described.stdout, /Bearer/)
      const missing = await cli('deployments', 'describe', dpUnknown)
      says(t, missing, 1, 'stderr', [
        `Error: <UNKNOWN> The requested deployment '${dpUnknown}' does not exist -> Http status code 404 Not Found at`,
      ])
      says(t, await cli('deployments', 'describe', 'foo'), 1, 'stderr', ['Error: (Protocol error)'])
    })

    await t.test('services list, describe and config', async (t) => {
      says(t, await cli('services', 'list'), 0, 'stdout', [
        'NAME REVISION FLAVOR DEPLOYMENT-TYPE DEPLOYMENT-ID',
        `[public] Signup 1 workflow HTTP ${dpA}`,
        `[public] Counter 1 virtual object HTTP ${dpA}`,
        `[public] Greeter 1 HTTP ${dpA}`,
      ])
      says(t, await cli('services', 'describe', 'Counter'), 0, 'stdout', [
        `Name: Counter Service type: VirtualObject Revision: 1 Public: true Deployment ID: ${dpA} Transport: HTTP/2.0`,
        'Handlers:',
        'HANDLER INPUT OUTPUT add application/json application/json',
      ])
      says(t, await cli('services', 'describe', 'Nope'), 1, 'stderr', [
        "Error: <UNKNOWN> The requested service 'Nope' does not exist -> Http status code 404 Not Found at",
      ])
      says(t, await cli('services', 'config', 'view', 'Signup'), 0, 'stdout', [
        'Name: Signup Service type: Workflow Public: true Idempotent requests retention: 1d',
        'Workflow retention time: 1d Journal retention: 1d Inactivity timeout: 1m Abort timeout: 10m',
        'Max attempts: 70 On max attempts: Pause Initial interval: 500ms Exponentiation factor: 2 Max interval: 1m',
      ])
      const patch = ['--public', 'false', '--journal-retention', '3 days', '--abort-timeout', 'PT5M', '--yes']
      says(t, await cli('services', 'config', 'patch', 'Counter', ...patch), 0, 'stdout', [
        'Public: false Journal retention: 3d Abort timeout: 5m',
      ])
    })

    await t.test('a second deployment takes the services over', async (t) => {
      says(t, await cli('deployments', 'register', 'http://localhost:19311', '--yes'), 0, 'stdout', [
        '❯ SERVICES THAT WILL BE UPDATED:',
        `Revision: 1 -> 2 Old Deployment: http://localhost:19310/ (at ${dpA})`,
        `Deployment ID: ${dpB} SERVICE REV`,
      ])
      says(t, await cli('deployments', 'register', 'http://localhost:19311', '--force', '--yes'), 0, 'stdout', [
        'Revision: 2 -> 3 HANDLER',
        `Deployment ID: ${dpB} SERVICE REV`,
      ])
      says(t, await cli('deployments', 'describe', dpA), 0, 'stdout', [
        `Revision: 1 [Latest 3 is in deployment ID ${dpB}]`,
      ])
    })

    const writes = lines.map((line) => JSON.parse(line)).filter((line) => line.event === 'admin-write')
    t.match(writes[0], {
      action: 'deployment.register',
      peer: transport,
      userAgent: /^restate-cli\/1\.7\.12/,
      result: 'done',
      dryRun: true,
    })
    t.notMatch(lines.join(''), /Bearer/)
  })
}
