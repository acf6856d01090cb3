import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as restate from '@restatedev/restate-sdk'
import t from 'tap'
import { end, startNode } from '../../examples/processes.ts'
import { doctorCommand } from '../../src/commands/doctor.ts'
import { targetAccount } from '../gcp/credential-files.ts'
import { machineAccount } from '../gcp/google-fakes.ts'
import { PrivateCloud } from '../gcp/private-cloud.ts'
import { register } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { runCli } from '../peer/peer.ts'

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)

/** Every line in a code block that is a command, in the order of the page. */
function commandsOf(page: string): string[] {
  const blocks = readFileSync(join(root, page), 'utf8').matchAll(/^```(?:sh)?\n(.*?)^```$/gms)
  return [...blocks]
    .flatMap((block) => (block[1] ?? '').split('\n'))
    .map((line) => line.replace(/ +#.*$/, '').trim())
    .filter((line) => /^(npm|node|npx|curl|restate|perdure|openssl|[A-Z_]+=\S+ )/.test(line))
}

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
const documented = new Set(pages.flatMap(commandsOf))

const directory = shortDirectory(t)
const server = await startNode(
  [join(root, 'src/main.ts')],
  {
    RESTATE_BASE_DIR: directory,
    RESTATE_NODE_NAME: 'docs',
    RESTATE_USE_RANDOM_PORTS: 'true',
    RESTATE_LOG_FILTER: 'warn',
  },
  [/ingress .*:(\d+) /, /admin +(http:\S+)/],
)
t.teardown(() => end(server.process))
const ingressPort = server.matches[0]?.[1]
const admin = server.matches[1]?.[1] ?? ''
let service = ''

/** A command as documented, with the ports of this run in place of the usual ones. */
async function shell(command: string): Promise<string> {
  const here = command
    .replace('localhost:9070', admin.replace('http://', ''))
    .replace('localhost:8080', `localhost:${ingressPort}`)
    .replace('http://localhost:9080', service)
  const { stdout } = await run('sh', ['-c', here], { cwd: root })
  return stdout
}

/** A command of ours that asks admin. */
const onAdmin = (command: string) => command.replace('perdure', `RESTATE_ADMIN_URL=${admin} node src/main.ts`)

async function cli(command: string, environment: Readonly<Record<string, string>>): Promise<void> {
  const args = command.replace('http://localhost:9080', service).split(' ').slice(1)
  const { code, stderr } = await runCli([...args, '--yes'], environment)
  t.equal(code, 0, `${command} ${stderr}`)
}

const ciScript = readFileSync(join(root, '.ci/run'), 'utf8')
const inCi =
  (...parts: string[]) =>
  async () => {
    for (const part of parts)
      t.ok(
        ciScript.split('\n').some((line) => line.startsWith(part)),
        `.ci/run runs ${part}`,
      )
  }

const runUrl = 'https://greeter-abc123.a.run.app'

/** A private service that accepts tokens for the address in the documents. */
async function privateCloud(): Promise<PrivateCloud> {
  const cloud = await PrivateCloud.start(t)
  cloud.service.audiences.push(runUrl)
  for (const account of [machineAccount, targetAccount]) cloud.service.grant(account)
  return cloud
}

/** `url`, which is what is registered, is the service that runs here. */
async function registerPrivate(command: string, url: string): Promise<void> {
  const cloud = await privateCloud()
  const here = command.replace(url, cloud.service.origin).replace('$SA', targetAccount)
  await cli(here, { RESTATE_ADMIN_URL: cloud.admin })
  t.match(await cloud.deployment(), { auth: { GoogleIdToken: {} } })
}

let counter: Promise<void> | undefined

/** The object whose state the documents export. */
function registerCounter(): Promise<void> {
  counter ??= (async () => {
    const object = restate.object({ name: 'Counter', handlers: { add: async () => {} } })
    const services = createServer(restate.createEndpointHandler({ services: [object], logger: () => {} }))
    services.listen(0, '127.0.0.1')
    await once(services, 'listening')
    t.teardown(() => services.close())
    await register(admin, `http://127.0.0.1:${(services.address() as AddressInfo).port}`)
  })()
  return counter
}

/** How each documented command is run; in this order. */
const checks: readonly (readonly [command: string, check: (command: string) => Promise<void>])[] = [
  ['npm ci', inCi('npm ci')],
  ['npm run check', inCi('npm run check')],
  ['npm run demo', inCi('npm run demo')],
  ['npm test', inCi('npm test')],
  ['npm ci && npm run demo', inCi('npm ci', 'npm run demo')],
  ['npm ci && npm test', inCi('npm ci', 'npm test')],
  [
    'npm start',
    async () => {
      const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
      t.equal(manifest.scripts.start, 'node --max-semi-space-size=8 src/main.ts', 'what this test has started')
    },
  ],
  [
    'node examples/greeter.ts',
    async () => {
      const started = await startNode([join(root, 'examples/greeter.ts')], { PORT: '0' }, [/listening on (http:\S+)/])
      t.teardown(() => end(started.process))
      service = started.matches[0]?.[1] ?? ''
    },
  ],
  [
    `curl localhost:9070/deployments --json '{"uri": "http://localhost:9080"}'`,
    async (command) => {
      t.match(JSON.parse(await shell(command)), { id: /^dp_1/ })
    },
  ],
  [
    `curl localhost:8080/Greeter/greet --json '"Ada"'`,
    async (command) => {
      t.match(await shell(command), /Hello Ada, your number is \d+\./)
    },
  ],
  [
    `curl localhost:9070/ingress/Greeter/greet --json '"Ada"'`,
    async (command) => {
      t.match(await shell(command), /^"Hello Ada/)
    },
  ],
  [
    'perdure invocations restart $ID --from 2',
    async (command) => {
      const completed = `${admin}/query --json '{"query": "SELECT id FROM sys_invocation WHERE completed_at IS NOT NULL"}'`
      const [id] = /inv_\w+/.exec(await shell(`curl ${completed}`)) ?? []
      t.match(await shell(onAdmin(command.replace('$ID', id ?? ''))), /^inv_1/)
    },
  ],
  ...['perdure state export Counter > state.jsonl', 'perdure state import Counter state.jsonl'].map(
    (line): (typeof checks)[number] => [
      line,
      async (command) => {
        await registerCounter()
        t.equal(await shell(onAdmin(command.replace('state.jsonl', join(directory, 'state.jsonl')))), '')
      },
    ],
  ),
  [
    'curl localhost:8080/openapi',
    async (command) => {
      t.match(JSON.parse(await shell(command)), { paths: { '/restate/call/Greeter/greet': { post: {} } } })
    },
  ],
  [
    `curl -X PATCH localhost:9070/services/Greeter --json '{"header_allow_list": ["x-tenant-*"], "handlers": {"greet": {"header_allow_list": ["stripe-signature"]}}}'`,
    async (command) => {
      t.match(JSON.parse(await shell(command)), { header_allow_list: ['x-tenant-*'] })
    },
  ],
  [
    "perdure headers --explain 'Cookie: session=1'",
    async (command) => {
      t.match(await shell(command.replace('perdure', 'node src/main.ts')), /^cookie: dropped \(sensitive\)/)
    },
  ],
  [
    'perdure api-key billing',
    async (command) => {
      t.match(await shell(command.replace('perdure', 'node src/main.ts')), /^key .*\nline +billing sha256:/)
    },
  ],
  [
    'perdure doctor security',
    async (command) => {
      // Ends with 1, because ingress of a server as it comes asks nobody.
      const here = command.replace('perdure', 'node src/main.ts')
      t.match(await shell(`${here} || [ $? = 1 ]`), /^OPEN {4}ingress-authentication/)
    },
  ],
  [
    'perdure identity generate identity.pem',
    async (command) => {
      const here = command
        .replace('perdure', 'node src/main.ts')
        .replace('identity.pem', join(directory, 'identity.pem'))
      t.match(await shell(here), /^publickeyv1_/)
    },
  ],
  [
    'perdure secrets generate-key sealing-keys',
    async (command) => {
      const file = join(directory, 'sealing-keys')
      await shell(command.replace('perdure', 'node src/main.ts').replace('sealing-keys', file))
      t.match(readFileSync(file, 'utf8'), /^[\w+/]{43}=\n$/)
    },
  ],
  ...['perdure secrets status --config-file restate.toml', 'perdure secrets reseal --config-file restate.toml'].map(
    (command) =>
      [
        command,
        async () => {
          const configFile = join(directory, 'sealing.toml')
          const sealed = join(directory, 'sealed')
          const keyFile = join(directory, 'sealing-keys')
          writeFileSync(configFile, `base-dir = "${sealed}"\nnode-name = "docs"\n[secrets]\nkey-file = "${keyFile}"\n`)
          const env = { RESTATE_CONFIG: configFile, RESTATE_USE_RANDOM_PORTS: 'true', RESTATE_LOG_FILTER: 'warn' }
          const { process: started } = await startNode([join(root, 'src/main.ts')], env, [/fabric /])
          await end(started)
          t.match(
            await shell(command.replace('perdure', 'node src/main.ts').replace('restate.toml', configFile)),
            /key \w{16}/,
          )
        },
      ] as const,
  ),
  [
    'perdure admin-token ci operator',
    async (command) => {
      t.match(await shell(command.replace('perdure', 'node src/main.ts')), /^token .*\nline +ci operator sha256:/)
    },
  ],
  [
    'RESTATE_AUTH_TOKEN=$TOKEN restate services list',
    (command) => cli(command.replace(/^\S+ /, ''), { RESTATE_ADMIN_URL: admin, RESTATE_AUTH_TOKEN: 'token' }),
  ],
  [
    'npm start -- --config-file restate.toml.example --dump-config',
    async (command) => {
      t.match(await shell(command), /compatibility = "strict" +# /)
    },
  ],
  [
    `restate sql "SELECT id, target, status FROM sys_invocation WHERE status != 'completed'"`,
    async (command) => {
      const { code, stderr } = await runCli(['sql', command.split('"')[1] ?? ''], { RESTATE_ADMIN_URL: admin })
      t.equal(code, 0, stderr)
    },
  ],
  [
    `curl localhost:9070/query --json '{"query": "SELECT status, count(*) AS n FROM sys_invocation GROUP BY status"}'`,
    async (command) => {
      t.match(JSON.parse(await shell(command)), { rows: [{ status: 'completed', n: /^[1-9]/ }] })
    },
  ],
  ['restate deployments register http://localhost:9080', (command) => cli(command, { RESTATE_ADMIN_URL: admin })],
  [
    // Through an SSH tunnel; test/deploy has a real one.
    'RESTATE_ADMIN_URL=http://127.0.0.1:9070 restate services list',
    (command) => cli(command.replace(/^\S+ /, ''), { RESTATE_ADMIN_URL: admin }),
  ],
  [
    'RESTATE_ADMIN_URL=unix:/path/to/admin.sock restate services list',
    (command) => {
      const socket = join(directory, 'docs', 'admin.sock')
      return cli(command.replace(/^\S+ /, ''), { RESTATE_ADMIN_URL: `unix:${socket}` })
    },
  ],
  [
    `restate deployments register ${runUrl} --gcp-impersonate-service-account $SA`,
    (command) => registerPrivate(command, runUrl),
  ],
  [
    `restate deployments register https://greeter.example.com --gcp-audience ${runUrl}`,
    (command) => registerPrivate(command, 'https://greeter.example.com'),
  ],
  [
    `perdure doctor gcp ${runUrl}`,
    async (command) => {
      const { service, env } = await privateCloud()
      let said = ''
      const write = (text: string) => {
        said += text
      }
      const args = command.replace(runUrl, service.origin).split(' ').slice(2)
      t.ok(await doctorCommand(args, { env, cwd: directory, write }), said)
    },
  ],
]

t.test('each command that the documents name is run', async (t) => {
  const known = new Set(checks.map(([command]) => command))
  t.same(
    [...documented].filter((command) => !known.has(command)),
    [],
    'documented, and run by no test',
  )
  t.same(
    [...known].filter((command) => !documented.has(command)),
    [],
    'run here, and not documented',
  )
  for (const [command, check] of checks) {
    t.comment(command)
    await check(command)
  }
})

t.test('links between the documents lead somewhere', async (t) => {
  for (const page of [...pages, 'SECURITY.md']) {
    for (const [, link = ''] of readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)#]+)\)/g)) {
      if (/^https?:/.test(link)) continue
      t.doesNotThrow(
        () => readdirSync(join(root, page, '..', link.endsWith('/') ? link : join(link, '..'))),
        `${page}: ${link}`,
      )
      const name = link.split('/').at(-1) ?? ''
      t.ok(readdirSync(join(root, page, '..', link, '..')).includes(name), `${page}: ${link}`)
    }
  }
})
