import { join } from 'node:path'
import t from 'tap'
import { end, startNode } from '../../examples/processes.ts'
import { startHeaderService } from '../e2e/nginx/header-service.ts'
import { register } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'

const directory = shortDirectory(t)
const env = {
  RESTATE_BASE_DIR: directory,
  RESTATE_NODE_NAME: 'test',
  RESTATE_USE_RANDOM_PORTS: 'true',
  RESTATE_LISTEN_MODE: 'tcp',
  RESTATE_BIND_IP: '127.0.0.1',
  RESTATE_LOG_FILTER: 'warn',
}
const main = join(import.meta.dirname, '../../src/main.ts')
const addresses = [/ingress +(http:\S+)/, /admin +(http:\S+)/]

t.test('the list of a service survives registrations and restarts, and what is sensitive in it is named', async (t) => {
  const service = await startHeaderService(t)
  const call = async (ingress: string) => {
    const headers = { 'stripe-signature': 's', 'x-api-key': 'k', 'x-other': 'o' }
    await (await fetch(`${ingress}/Headers/look`, { method: 'POST', headers })).text()
    return [...(service.seen.at(-1)?.keys() ?? [])].filter((name) => name in headers).sort()
  }
  const started = await startNode([main], env, addresses)
  t.teardown(() => end(started.process))
  const [ingress = '', admin = ''] = started.matches.map((match) => match[1])
  await register(admin, service.uri)
  t.strictSame(await call(ingress), [])
  const patched = await fetch(`${admin}/services/Headers`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      header_allow_list: ['x-api-key'],
      handlers: { look: { header_allow_list: ['Stripe-Signature'] } },
    }),
  })
  t.match(await patched.json(), {
    header_allow_list: ['x-api-key'],
    handlers: [{ name: 'look', header_allow_list: ['stripe-signature'] }, { name: 'wait' }],
  })
  t.strictSame(await call(ingress), ['stripe-signature', 'x-api-key'])
  await register(admin, service.uri, { force: true })
  t.strictSame(await call(ingress), ['stripe-signature', 'x-api-key'], 'another revision')
  await end(started.process)

  const again = await startNode([main], env, [/header_allow_list of Headers: x-api-key may/, ...addresses])
  t.teardown(() => end(again.process))
  t.strictSame(await call(again.matches[1]?.[1] ?? ''), ['stripe-signature', 'x-api-key'], 'another start')
})
