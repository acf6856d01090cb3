import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { credentialsEnv, impersonatedFile, serviceAccountFile, targetAccount } from './credential-files.ts'
import { machineAccount } from './google-fakes.ts'
import { PrivateCloud } from './private-cloud.ts'

/** Any token of either kind, any key: what must be nowhere but in the requests themselves. */
const shapes = /eyJ[\w-]{8,}|ya29\.|BEGIN [A-Z ]*PRIVATE KEY|SIGNATURE_REMOVED_BY_GOOGLE/

async function metricsOf(cloud: PrivateCloud): Promise<string> {
  return await (await fetch(`${cloud.fabric}/metrics`)).text()
}

t.test('attack 33: tokens are in requests and in memory, and nowhere else', async (t) => {
  const cloud = await PrivateCloud.start(t)
  const { fakes, service } = cloud
  const said: string[] = []
  const hear = (answer: unknown) => said.push(JSON.stringify(answer))
  service.forward = 'redact'
  service.grant(machineAccount)
  service.grant(targetAccount)

  // What works,
  hear(await cloud.register({}))
  hear(await cloud.call('greet', 'Ada'))
  const waiting = await cloud.send('nap', 1)
  hear(await cloud.attach(waiting))
  hear(await cloud.invocation(waiting))
  cloud.use(credentialsEnv(t, impersonatedFile(serviceAccountFile(), targetAccount)))
  hear(await cloud.patch({ auth: { GoogleIdToken: { impersonate_service_account: targetAccount } } }))
  hear(await cloud.call('steps', 3))
  // what the front end refuses,
  service.revoke(targetAccount)
  const refused = await cloud.send('greet', 'Eve')
  hear(await cloud.untilStatus(refused, 'backing-off'))
  hear(await cloud.register({ audience: 'https://wrong' }, { force: true }))
  // or repeats what it was sent,
  service.grant(targetAccount)
  for (const status of [401, 403, 500, 503]) {
    service.faults.push({ status, echo: true, times: 8 })
    const echoed = await cloud.send('greet', 'Eve')
    hear(await cloud.untilStatus(echoed, 'backing-off'))
    hear(await cloud.register({ impersonate_service_account: targetAccount }, { force: true }))
    service.faults.length = 0
    hear(await cloud.attach(echoed))
  }
  // and what cannot be minted: Google repeats what it was asked for,
  let metrics = await metricsOf(cloud)
  await cloud.restart()
  const leaking = JSON.stringify({ error: 'invalid_grant', error_description: `no, not ${fakes.issued[0]}` })
  fakes.faults.push({ path: /oauth2.*token/, status: 400, body: leaking })
  hear(await cloud.patch({ auth: { GoogleIdToken: { audience: 'https://other' } } }))
  const unminted = await cloud.send('greet', 'Joe')
  hear(await cloud.untilStatus(unminted, 'backing-off'))
  // or breaks off in the middle of a token.
  fakes.faults.splice(0, 1, { path: /generateIdToken/, status: 200, body: `{"token": "${fakes.issued.at(-1)}` })
  hear(await cloud.patch({ auth: { GoogleIdToken: { audience: 'https://other' } } }))
  hear(await cloud.ask('GET', `${cloud.admin}/deployments`))
  for (const table of ['sys_deployment', 'sys_invocation', 'sys_journal', 'sys_journal_events', 'state']) {
    const answer = await cloud.ask('POST', `${cloud.admin}/query`, { query: `SELECT * FROM ${table}` })
    t.equal(answer.status, 200, table)
    hear(answer)
  }
  metrics += await metricsOf(cloud)
  await cloud.close()

  t.ok(fakes.issued.length >= 8, `${fakes.issued.length} tokens to leak`)
  t.ok(service.passed.every((request) => shapes.test(request.token)))
  const leaks = (text: string) => shapes.test(text) || fakes.issued.some((issued) => text.includes(issued))
  const quoted = said.join('\n')
  t.match(quoted, /invalid_grant, no, not \[redacted\]/, 'the error came through')
  t.notOk(leaks(quoted), 'answers of the admin API and of ingress')
  t.match(metrics, /restate|perdure/)
  t.notOk(leaks(metrics), 'metrics')
  t.match(metrics, /perdure_id_token_mints_total\{.*result="minted"/)
  t.match(metrics, /perdure_id_token_mints_total\{.*result="failed"/)
  t.notMatch(metrics, /gserviceaccount|127\.0\.0\.1|https:/, 'nor are accounts and audiences there')
  const log = cloud.lines.join('')
  t.match(log, /attempt failed/)
  t.match(log, /id-token-without-tls/)
  t.notOk(leaks(log), 'the log, at level trace')
  let bytes = 0
  for (const entry of readdirSync(cloud.baseDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const content = readFileSync(join(entry.parentPath, entry.name), 'latin1')
    bytes += content.length
    t.notOk(leaks(content), entry.name)
  }
  t.ok(bytes > 10_000, 'the data directory')
})
