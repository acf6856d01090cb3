import { once } from 'node:events'
import { connect, createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { brotliDecompressSync, zstdDecompressSync } from 'node:zlib'
import * as restate from '@restatedev/restate-sdk'
import t from 'tap'
import { adminOpenApi } from '../../src/openapi/admin/document.ts'
import { exchange } from '../differential/http.ts'
import { startServerProcess } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { schemaProblems } from '../openapi/schema-check.ts'
import { type GivenAnswer, givenFacts, recordedFacts } from './recorded/facts.ts'
import { type RecordedRequest, type Subjects, withSubjects } from './recorded/request.ts'
import { recordedRequests } from './recorded/requests.ts'
import { send } from './recorded/send.ts'

/** What was recorded of the official server, asked of a server in a process of its own; and the document of the API against both. */
const services = createServer(
  restate.createEndpointHandler({
    services: [
      restate.service({
        name: 'Greeter',
        handlers: {
          async run(ctx: restate.Context, waits: boolean) {
            if (waits) await ctx.sleep(600_000)
          },
        },
      }),
      restate.object({ name: 'Counter', handlers: { look: async () => {} } }),
      restate.workflow({ name: 'Signup', handlers: { run: async () => {} } }),
    ],
    logger: () => {},
  }),
)
await new Promise<void>((resolve) => services.listen(0, '127.0.0.1', resolve))
t.teardown(() => services.close())
const uri = `http://127.0.0.1:${(services.address() as AddressInfo).port}/`
const server = await startServerProcess(shortDirectory(t))
t.teardown(() => server.stop())

async function ask(method: string, url: string, body?: unknown) {
  const headers = [['content-type', 'application/json']] as const
  const answer = await exchange(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
  return JSON.parse(String(answer.body))
}

let groups = 0

async function makeSubjects(): Promise<Subjects> {
  const { id } = await ask('POST', `${server.admin}/deployments`, { uri })
  groups += 1
  const start = async (path: string, body: unknown) =>
    String((await ask('POST', `${server.ingress}/${path}`, body)).invocationId)
  const subjects: Subjects = {
    uri,
    deployment: id,
    service: 'Greeter',
    object: 'Counter',
    completed: await start('Greeter/run/send', false),
    scheduled: await start('Greeter/run/send?delay=1h', false),
    waiting: await start('Greeter/run/send', true),
    run: await start(`Signup/${groups}/run/send`, false),
  }
  const statusOf = async (invocation: string) =>
    (await ask('GET', `${server.admin}/invocations/${invocation}`)).journal_commands_size
  // Input and output, or input and sleep.
  for (const invocation of [subjects.completed, subjects.waiting, subjects.run])
    while ((await statusOf(invocation)) < 2) await delay(10)
  return subjects
}

const document = JSON.parse(JSON.stringify(adminOpenApi('0.1.0')))
const paths = Object.keys(document.paths)

/** The operation of the document that a request is of, if it is of one. */
function documented({ method, path }: RecordedRequest) {
  const [plain = ''] = path.replace(/^\/v[234](?=\/)/, '').split('?')
  const template = paths.find((each) =>
    new RegExp(`^${each.replace('{serde}', '.+').replace(/\{\w+\}/g, '[^/]+')}$`).test(plain),
  )
  if (template === undefined) return undefined
  const operation = document.paths[template][method.toLowerCase()]
  return operation === undefined ? undefined : { name: `${method} ${template}`, operation }
}

/** Why an answer is not what the document says. */
function undocumented(request: RecordedRequest, sent: unknown, { status, headers, body }: GivenAnswer): string[] {
  const { operation } = documented(request) ?? {}
  if (operation === undefined) return []
  const response = operation.responses[status]
  if (response === undefined) return [`${status} is not documented`]
  const type = headers['content-type']
  if (type === undefined) return body.length === 0 && response.content === undefined ? [] : ['it has no body']
  const schema = response.content?.[type]?.schema
  if (schema === undefined) return [`${type} is not documented`]
  return [
    ...(type === 'application/json' ? schemaProblems(document, schema, JSON.parse(String(body))) : []),
    ...(status < 300 && operation.requestBody !== undefined
      ? schemaProblems(document, operation.requestBody.content['application/json'].schema, sent, 'request')
      : []),
  ]
}

for (const [group, requests] of Object.entries(recordedRequests)) {
  t.test(group, async (t) => {
    const subjects = await makeSubjects()
    for (const request of requests) {
      const name = `${request.method} ${request.path} ${JSON.stringify(request.body ?? request.raw ?? '').slice(0, 80)}`
      const { answer, body } = await send(server.admin, request, subjects)
      const expected = request.ours ?? request.answer
      t.same(givenFacts(answer, expected), recordedFacts(expected, subjects), name)
      t.same(undocumented(request, body, answer), [], `${name} as documented`)
    }
  })
}

t.test('there is a recorded request for each operation of the document, but for our own', async (t) => {
  const asked = new Set(
    Object.values(recordedRequests)
      .flat()
      .map((request) => documented(request)?.name),
  )
  const missing = paths
    .flatMap((path) => Object.keys(document.paths[path]).map((method) => `${method.toUpperCase()} ${path}`))
    .filter((name) => !asked.has(name))
  t.same(missing, ['GET /invocations/{invocation_id}', 'GET /invocations/{invocation_id}/journal'])
})

t.test('our own operations answer as documented, too', async (t) => {
  const subjects = await makeSubjects()
  for (const name of ['completed', 'scheduled', 'waiting', 'run'] as const)
    for (const path of ['', '/journal', '/journal?from=1&limit=1']) {
      const request: RecordedRequest = {
        method: 'GET',
        path: `/invocations/{${name}}${path}`,
        answer: { kind: 'json', status: 200, members: ['id'] },
      }
      const { answer, body } = await send(server.admin, request, subjects)
      t.equal(answer.status, 200)
      t.same(undocumented({ ...request, path: withSubjects(request.path, subjects) }, body, answer), [], request.path)
    }
})

t.test('answers of queries are compressed as they come', async (t) => {
  const { service } = await makeSubjects()
  for (const accept of ['application/json', '*/*']) {
    const query = (encodings: readonly (readonly [string, string])[]) =>
      exchange(`${server.admin}/query`, {
        method: 'POST',
        headers: [['content-type', 'application/json'], ['accept', accept], ...encodings],
        body: JSON.stringify({ query: `select name from sys_service where name = '${service}'` }),
      })
    const plain = await query([])
    const compressed = await query([['accept-encoding', 'zstd']])
    t.match(compressed.headers, {
      'content-type': plain.headers['content-type'],
      'content-encoding': 'zstd',
      'transfer-encoding': 'chunked',
      vary: 'accept-encoding',
    })
    t.same(zstdDecompressSync(compressed.body), plain.body)
  }
})

t.test('over HTTP/2, too', async (t) => {
  const session = connect(server.admin)
  t.teardown(() => session.close())
  const stream = session.request({ ':path': '/v4/services', 'accept-encoding': 'br' })
  const [headers] = await once(stream, 'response')
  t.match(headers, { ':status': 200, 'content-encoding': 'br', 'content-type': 'application/json' })
  t.match(JSON.parse(String(brotliDecompressSync(await buffer(stream)))), { services: Array })
})
