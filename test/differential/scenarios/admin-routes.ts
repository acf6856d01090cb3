import { recordedEncodings } from '../../admin/recorded/encodings.ts'
import { givenFacts } from '../../admin/recorded/facts.ts'
import type { Subjects } from '../../admin/recorded/request.ts'
import { recordedRequests } from '../../admin/recorded/requests.ts'
import { send } from '../../admin/recorded/send.ts'
import type { Client } from '../client.ts'
import { exchange } from '../http.ts'
import { oneMode } from '../passes.ts'
import { theme } from '../scenario.ts'

/** What the requests of a group are about: a deployment and a service of the scenario's own, and invocations. */
async function makeSubjects(c: Client): Promise<Subjects> {
  const { body } = await c.deploy(c.ownService, 1)
  const target = `${c.ownService}/run`
  await c.eventually(
    () => c.run(target, [['version']]),
    ({ status }) => status === 200,
  )
  const subjects: Subjects = {
    uri: c.revisionUri(c.ownService, 1),
    deployment: String(Object(body).id),
    service: c.ownService,
    object: 'Object',
    completed: await c.start(target, [['value', 1]]),
    scheduled: await c.start(target, [['value', 1]], { query: 'delay=1h' }),
    waiting: await c.start(target, [['awakeable', 'w']]),
    run: await c.start(`Flow/${c.key}/run`, [['value', 1]]),
  }
  for (const invocation of [subjects.completed, subjects.run]) await c.until(invocation, 'completed')
  await c.waits(subjects.waiting, 1)
  return subjects
}

/** Requests to every route of the admin API, as they were recorded. */
const groups = Object.entries(recordedRequests).map(([group, requests]) => [
  group,
  async (c: Client) => {
    const subjects = await makeSubjects(c)
    const facts: Record<string, unknown[]> = {}
    for (const request of requests) {
      const { answer } = await send(c.side.admin, request, subjects)
      const name = `${request.method} ${request.path}`
      facts[name] = [...(facts[name] ?? []), givenFacts(answer, request.answer)]
    }
    return facts
  },
])

export const adminRoutes = theme('admin routes', oneMode, {
  ...Object.fromEntries(groups),
  encodings: async (c) => {
    const encodings: Record<string, unknown> = {}
    for (const [accept] of recordedEncodings) {
      const headers = accept === undefined ? [] : [['accept-encoding', accept] as const]
      const { headers: answered } = await exchange(`${c.side.admin}/version`, { method: 'GET', headers })
      encodings[String(accept)] = [answered['content-encoding'] ?? null, answered.vary ?? null]
    }
    for (const accept of ['application/json', '*/*']) {
      const { headers } = await exchange(`${c.side.admin}/query`, {
        method: 'POST',
        headers: [
          ['content-type', 'application/json'],
          ['accept', accept],
          ['accept-encoding', 'gzip, br'],
        ],
        body: JSON.stringify({ query: 'select name from sys_service' }),
      })
      const { vary, 'content-type': type, 'content-encoding': encoding, 'transfer-encoding': transfer } = headers
      encodings[`query ${accept}`] = { vary, type, encoding, transfer }
    }
    return encodings
  },
})
