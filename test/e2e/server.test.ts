import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { end, startNode } from '../../examples/processes.ts'
import { freePort } from '../harness/free-port.ts'
import { register, startServerProcess, startServiceProcess } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { runCli } from '../peer/peer.ts'

const root = join(import.meta.dirname, '../..')
const service = join(import.meta.dirname, 'service.ts')

async function call(url: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, json: text === '' ? undefined : JSON.parse(text) }
}

t.test('an environment written for the official server starts this one', async (t) => {
  const directory = shortDirectory(t)
  const [ingress, admin, node] = await Promise.all([freePort(), freePort(), freePort()])
  const keyFile = join(directory, 'identity.pem')
  const { privateKey } = generateKeyPairSync('ed25519')
  writeFileSync(keyFile, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
  const started = await startNode(
    [join(root, 'src/main.ts')],
    {
      RESTATE_BASE_DIR: directory,
      RESTATE_NODE_NAME: 'node-1',
      RESTATE_CLUSTER_NAME: 'orders',
      RESTATE_ROLES: '[worker, log-server, admin, metadata-server, http-ingress]',
      RESTATE_AUTO_PROVISION: 'true',
      RESTATE_BIND_PORT: String(node),
      RESTATE_ADMIN__BIND_PORT: String(admin),
      RESTATE_INGRESS__BIND_PORT: String(ingress),
      RESTATE_DEFAULT_JOURNAL_RETENTION: '2 hours',
      RESTATE_DEFAULT_IDEMPOTENCY_RETENTION: '3 days',
      RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT: '5 minutes',
      RESTATE_WORKER__INVOKER__ABORT_TIMEOUT: '5 minutes',
      RESTATE_REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE: keyFile,
      RESTATE_LOG_FORMAT: 'json',
    },
    [/"publicKey":"(publickeyv1_\w+)"/, /fabric /],
  )
  t.teardown(() => end(started.process))
  const publicKey = started.matches[0]?.[1] ?? ''
  const signed = await startServiceProcess(service, { IDENTITY_KEY: publicKey })
  t.teardown(() => signed.stop())
  await register(`http://127.0.0.1:${admin}`, signed.uri)
  const greeting = await call(`http://127.0.0.1:${ingress}/Sample/greet`, 'Ada')
  t.match([greeting.status, greeting.json], [200, 'Hello Ada'], 'the service verifies who calls')
  const { json } = await call(`http://127.0.0.1:${ingress}/Sample/slow/send`, 1, { 'idempotency-key': 'k' })
  const invocation = await (await fetch(`http://127.0.0.1:${admin}/invocations/${json.invocationId}`)).json()
  t.match(invocation, { completion_retention: '3d', journal_retention: '2h' })
  t.ok(existsSync(join(directory, 'node-1/log')))
})

t.test('each way of talking to a service: streaming and request/response, HTTP/2 and HTTP/1.1', async (t) => {
  const server = await startServerProcess(t.testdir())
  t.teardown(() => server.stop())
  const modes = [
    { name: 'Streaming', env: {}, options: {} },
    { name: 'RequestResponse', env: { BIDIRECTIONAL: 'false' }, options: {} },
    { name: 'Http11', env: { HTTP_1: 'true' }, options: { use_http_11: true } },
  ]
  for (const { name, env, options } of modes) {
    const started = await startServiceProcess(service, { NAME: name, ...env })
    t.teardown(() => started.stop())
    await register(server.admin, started.uri, options)
    const result = await call(`${server.ingress}/${name}/tour`, 3)
    t.match([result.status, result.json], [200, { runs: [0, 1, 2], called: 'Hello tour' }], name)
    const failed = await call(`${server.ingress}/${name}/fails`, 1)
    t.match([failed.status, failed.json], [418, { code: 418, message: 'no coffee', source: 'invocation' }], name)
    const flaky = await call(`${server.ingress}/${name}/flaky`, 2)
    t.match([flaky.status, flaky.json], [200, 'after 2 failures'], `${name} is retried`)
  }
})

t.test('ingress: idempotency, delay, attach and output against a real service', async (t) => {
  const server = await startServerProcess(t.testdir())
  const started = await startServiceProcess(service)
  t.teardown(() => Promise.all([server.stop(), started.stop()]))
  await register(server.admin, started.uri)
  const url = `${server.ingress}/Sample`
  const key = { 'idempotency-key': 'one' }
  const both = await Promise.all([call(`${url}/unique`, 1, key), call(`${url}/unique`, 1, key)])
  t.same(both[0].json, both[1].json, 'two callers, one run')
  t.equal((await call(`${url}/unique`, 2, key)).json, both[0].json)
  t.ok((await call(`${url}/unique`, 2, key)).headers.get('idempotency-expires'))

  const far = await call(`${url}/now/send?delay=1h`, null)
  t.equal((await fetch(`${server.ingress}/restate/output/${far.json.invocationId}`)).status, 470)
  const before = Date.now()
  const sent = await call(`${url}/now/send?delay=300ms`, null)
  t.match([sent.status, sent.json], [202, { status: 'Accepted', executionTime: String }])
  const output = `${server.ingress}/restate/output/${sent.json.invocationId}`
  const attached = await fetch(`${server.ingress}/restate/attach/${sent.json.invocationId}`)
  const ranAt = Number(await attached.text())
  t.ok(ranAt >= before + 300 && ranAt < before + 30_000, `ran ${ranAt - before} ms later`)
  t.equal((await fetch(output)).status, 200)
})

t.test('the official CLI: deployments, services, invocations and SQL', async (t) => {
  const directory = shortDirectory(t)
  const server = await startServerProcess(directory, { RESTATE_LISTEN_MODE: 'all' })
  const started = await startServiceProcess(service)
  t.teardown(() => Promise.all([server.stop(), started.stop()]))
  const socket = join(directory, 'test/admin.sock')
  t.equal(statSync(socket).mode & 0o777, 0o600)
  for (const url of [server.admin, `unix:${socket}`]) {
    const cli = (...args: string[]) => runCli([...args, '--yes'], { RESTATE_ADMIN_URL: url })
    const registered = await cli('deployments', 'register', started.uri)
    t.match([registered.code, registered.stdout], [0, /Sample|already exists/])
    const list = await cli('deployments', 'list')
    t.match([list.code, list.stdout], [0, /Sample/])
    const id = /dp_\w+/.exec(list.stdout)?.[0] ?? ''
    const described = await cli('deployments', 'describe', id)
    t.match([described.code, described.stdout], [0, new RegExp(`${id}[^]*Sample`)])
    t.match(await cli('services', 'list'), { code: 0, stdout: /Sample/ })
    t.match(await cli('services', 'describe', 'Sample'), { code: 0, stdout: /greet/ })
    await call(`${server.ingress}/Sample/greet`, 'Ada')
    const sent = await call(`${server.ingress}/Sample/slow/send`, 60_000)
    t.match(await cli('deployments', 'list', '--extra'), { code: 0, stdout: /Sample/ })
    t.match(await cli('services', 'status'), { code: 0, stdout: /Sample/ })
    t.match(await cli('invocations', 'list'), { code: 0, stdout: new RegExp(sent.json.invocationId) })
    t.match(await cli('invocations', 'describe', sent.json.invocationId), { code: 0, stdout: /Sample\/slow/ })
    t.match(await cli('invocations', 'cancel', sent.json.invocationId), { code: 0 })
    t.match(await cli('sql', 'SELECT count(*) FROM sys_invocation'), { code: 0, stdout: /\d/ })
  }
})

t.test('a stop lets calls finish, closes everything, and a start finds it all', async (t) => {
  const directory = t.testdir()
  const first = await startServerProcess(directory)
  const started = await startServiceProcess(service)
  t.teardown(() => started.stop())
  await register(first.admin, started.uri)
  const slow = call(`${first.ingress}/Sample/slow`, 400)
  const long = await call(`${first.ingress}/Sample/slow/send`, 1500)
  const query = JSON.stringify({ query: "SELECT id FROM sys_invocation WHERE target = 'Sample/slow'" })
  const known = async () => {
    const headers = { 'content-type': 'application/json', accept: 'application/json' }
    const response = await fetch(`${first.admin}/query`, { method: 'POST', headers, body: query })
    return ((await response.json()) as { readonly rows: readonly unknown[] }).rows.length
  }
  while ((await known()) < 2) await sleep(20)
  const stopped = first.stop()
  t.match([(await slow).status, (await slow).json], [200, 400], 'a call in progress is answered')
  await stopped
  const again = await startServerProcess(directory)
  t.teardown(() => again.stop())
  t.equal((await fetch(`${again.ingress}/restate/health`)).status, 200)
  const result = await fetch(`${again.ingress}/restate/attach/${long.json.invocationId}`)
  t.equal(await result.text(), '1500')
})

t.test('a second server on the same data is refused, and the first goes on', async (t) => {
  const directory = t.testdir()
  const server = await startServerProcess(directory)
  t.teardown(() => server.stop())
  await t.rejects(startServerProcess(directory), /PERDURE_ERR_LOG_IN_USE/)
  t.equal((await fetch(`${server.admin}/health`)).status, 200)
})

t.test('start-up errors say what to do, on one screen, with exit code 1', async (t) => {
  const run = promisify(execFile)
  const attempt = (...args: string[]) =>
    run(process.execPath, [join(root, 'src/main.ts'), ...args], { cwd: t.testdir() })
  await t.rejects(attempt('--no-such-flag'), { code: 1, stderr: /--no-such-flag/ })
  await t.rejects(attempt('--config-file', 'missing.toml'), { code: 1, stderr: /missing\.toml/ })
  t.match(await attempt('--version'), { stdout: /^perdure \d+\.\d+\.\d+\n$/ })
  t.match(await attempt('--help'), { stdout: /--config-file/ })
})
