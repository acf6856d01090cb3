import t from 'tap'
import { testAdmin } from './admin-app.ts'
import { deployment, dpA } from './samples.ts'

const uri = 'http://localhost:19310/'

t.test('names of headers whose values are masked', async (t) => {
  await using admin = testAdmin()
  const secret = [
    'authorization',
    'X-Api-Key',
    'cookie',
    'x-goog-iap-jwt-assertion-token',
    'x-client-secret',
    'password',
  ]
  const open = ['x-team', 'accept-language', 'x-tenant-id']
  admin.client.schema.put(
    deployment(dpA, { additionalHeaders: [...secret, ...open].map((name) => [name, 'value'] as const) }),
  )
  const { additional_headers: shown } = (await admin.app.inject({ url: `/deployments/${dpA}` })).json()
  for (const name of secret) t.equal(shown[name], '***', name)
  for (const name of open) t.equal(shown[name], 'value', name)
})

t.test('a masked header that comes back means the value that is stored', async (t) => {
  await using admin = testAdmin()
  admin.client.schema.put(deployment(dpA, { additionalHeaders: [['authorization', 'Bearer abc']] }))
  const { additional_headers: shown } = (await admin.app.inject({ url: `/deployments/${dpA}` })).json()
  const patch = (headers: object) =>
    admin.app.inject({ method: 'PATCH', url: `/deployments/${dpA}`, payload: { additional_headers: headers } })

  const answer = await patch({ ...shown, 'x-team': 'blue' })
  t.strictSame(answer.json().additional_headers, { authorization: '***', 'x-team': 'blue' })
  t.strictSame(admin.client.schema.deployment(dpA)?.additionalHeaders, [
    ['authorization', 'Bearer abc'],
    ['x-team', 'blue'],
  ])

  const unknown = await patch({ 'x-api-key': '***' })
  t.equal(unknown.statusCode, 400)
  t.match(unknown.json(), { message: /^The request field 'additional_headers' is invalid\. Reason: / })
  const registering = await admin.app.inject({
    method: 'POST',
    url: '/deployments',
    payload: { uri, additional_headers: { authorization: '***' } },
  })
  t.equal(registering.statusCode, 400)
})

t.test('every write leaves one audit line, and no secret', async (t) => {
  await using admin = testAdmin()
  const register = (payload: object) => admin.app.inject({ method: 'POST', url: '/v4/deployments', payload })
  await register({ uri: `${uri}?token=hush`, additional_headers: { authorization: 'Bearer abc' } })
  await register({ uri: 5 })
  await admin.app.inject({ method: 'DELETE', url: `/deployments/${dpA}?force=true` })
  await admin.app.inject({ url: '/deployments' })

  t.match(admin.log.info, [
    {
      event: 'admin-write',
      action: 'deployment.register',
      path: '/v4/deployments',
      peer: 'tcp',
      remoteAddress: '127.0.0.1',
      result: 'done',
      status: 201,
      deploymentId: dpA,
      uri,
      outcome: 'created',
      force: false,
      dryRun: false,
    },
    {
      action: 'deployment.register',
      result: 'refused',
      status: 422,
      errorCode: 'PERDURE_ERR_ADMIN_BODY_SHAPE',
    },
    { action: 'deployment.remove', result: 'done', status: 202, deploymentId: dpA },
  ])
  t.equal(admin.log.info.length, 3, 'reads leave none')
  t.notMatch(JSON.stringify(admin.log), /Bearer|hush/)
})
