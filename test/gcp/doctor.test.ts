import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import { type Discover, diagnose } from '../../src/gcp/doctor.ts'
import { renderDiagnosis } from '../../src/gcp/doctor-report.ts'
import { CloudRun } from './cloud-run.ts'
import { credentialsEnv, targetAccount, userFile } from './credential-files.ts'
import { recordDials } from './dial-recorder.ts'
import { GoogleFakes, machineAccount } from './google-fakes.ts'
import { request } from './request.ts'
import { startSdkService } from './sdk-service.ts'

/** Discovery as the command will do it, kept small; keeps the tokens it was given. */
function discovererOf(origin: string, given: string[]): Discover {
  return async (token) => {
    given.push(token)
    const { status, headers, body } = await request(origin, {
      accept: 'application/vnd.restate.endpointmanifest.v4+json',
      'x-serverless-authorization': `Bearer ${token}`,
    })
    if (status !== 200) return { kind: 'status', status, headers, body }
    const manifest: { services: { name: string }[] } = JSON.parse(body)
    return { kind: 'manifest', services: manifest.services.map(({ name }) => name) }
  }
}

async function start(t: Test) {
  const fakes = await GoogleFakes.start(t)
  const service = await CloudRun.start(t, { container: await startSdkService(t), jwksUrl: fakes.jwksUrl })
  const given: string[] = []
  return { fakes, service, given, discover: discovererOf(service.origin, given) }
}

t.test('all is well', async (t) => {
  const { fakes, service, given, discover } = await start(t)
  service.grant(machineAccount)
  const diagnosis = await diagnose({ url: `${service.origin}/` }, discover, { env: fakes.env })
  t.match(diagnosis, {
    healthy: true,
    findings: [
      { check: 'authentication', outcome: 'ok', summary: /derived from the URL/ },
      {
        check: 'credentials',
        outcome: 'ok',
        summary: /metadata server, because GOOGLE_APPLICATION_CREDENTIALS is not set/,
      },
      { check: 'token', outcome: 'ok', summary: /this server is machine@proj/ },
      { check: 'discovery', outcome: 'ok', summary: /Greeter/ },
    ],
    nextStep: `Register it: restate deployments register ${service.origin}/ --gcp-id-token`,
  })
  const text = renderDiagnosis(diagnosis)
  t.match(text, /^Google authentication to http:\/\/127/)
  t.match(text, new RegExp(`aud: ${service.origin}`))
  t.match(text, /exp: \d+ \(\d{4}-\d\d-\d\dT/)
  t.match(text, /\nNext: Register it: .*\n$/)
  t.equal(given.length, 1)
  for (const shown of [text, inspect(diagnosis, { depth: 20 })]) t.notOk(shown.includes('eyJ'), 'never the token')
})

t.test('the account lacks its role', async (t) => {
  const { fakes, service, discover } = await start(t)
  const asked = { url: service.origin, impersonateServiceAccount: targetAccount, audience: service.origin }
  const options = { env: { ...fakes.env, ...credentialsEnv(t, userFile()) }, redirect: fakes.redirect }
  const diagnosis = await diagnose(asked, discover, options)
  t.match(diagnosis, {
    healthy: false,
    findings: [
      { outcome: 'ok', summary: /as given/ },
      { outcome: 'ok', summary: /user credentials, because GOOGLE_APPLICATION_CREDENTIALS names it/ },
      { outcome: 'ok', summary: /this server is target@proj/ },
      { outcome: 'failed', summary: /status 403\. The token is good, but target@proj.*roles\/run\.invoker/ },
    ],
    nextStep: /advice on discovery/,
  })
  service.grant(targetAccount)
  t.equal(
    (await diagnose(asked, discover, options)).nextStep,
    `Register it: restate deployments register ${service.origin} --gcp-impersonate-service-account ${targetAccount} ` +
      `--gcp-audience ${service.origin}`,
  )
  const odd = "https://x/?a=1&b='$(id)"
  service.audiences.push(odd)
  const { nextStep } = await diagnose({ ...asked, url: `${service.origin}/?a&b`, audience: odd }, discover, options)
  t.match(nextStep, `register '${service.origin}/?a&b' --gcp-`)
  t.match(nextStep, `--gcp-audience 'https://x/?a=1&b='\\''$(id)'`, 'one word for a shell')
  fakes.denied.add(targetAccount)
  t.match((await diagnose(asked, discover, options)).findings, [
    {},
    {},
    { check: 'token', outcome: 'failed', summary: /serviceAccountOpenIdTokenCreator/ },
    { check: 'discovery', outcome: 'skipped' },
  ])
})

t.test('it stops at the first failure, without traffic where none is needed', async (t) => {
  const { fakes, service, given, discover } = await start(t)
  const dials = recordDials(t)
  const user = { env: credentialsEnv(t, userFile()), redirect: fakes.redirect }
  for (const [asked, failed, summary] of [
    [{ url: 'http://svc.example/' }, 'authentication', /requires an https URI/],
    [{ url: service.origin, audience: '' }, 'authentication', /auth\.audience/],
    [{ url: service.origin }, 'credentials', /cannot mint an ID token by themselves/],
  ] as const) {
    const { findings, healthy } = await diagnose(asked, discover, user)
    t.equal(healthy, false)
    t.match(
      findings.filter(({ outcome }) => outcome === 'failed'),
      [{ check: failed, summary }],
    )
    t.equal(findings.length, 4)
  }
  t.same(given, [])
  t.same(dials.hosts, [])
})

t.test('discovery that gets no answer', async (t) => {
  const { fakes, service } = await start(t)
  const message = 'cannot connect to https://svc (ECONNREFUSED).'
  const diagnosis = await diagnose({ url: service.origin }, async () => ({ kind: 'error', message }), {
    env: fakes.env,
  })
  t.match(diagnosis.findings.at(-1), { outcome: 'failed', summary: message })
  const own = { kind: 'status', status: 500, headers: {} } as const
  t.match((await diagnose({ url: service.origin }, async () => own, { env: fakes.env })).findings.at(-1), {
    summary: /status 500\. It is the answer of the service itself/,
  })
})
