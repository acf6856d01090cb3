import t from 'tap'
import { testAdmin } from './admin-app.ts'
import { deployment, dpA, dpUnknown } from './samples.ts'

const uri = 'http://localhost:19310/'

t.test('updating', async (t) => {
  await using admin = testAdmin()
  admin.client.schema.put(deployment(dpA, { additionalHeaders: [['authorization', 'Bearer abc']] }))
  const patch = (payload: object, id: string = dpA) =>
    admin.app.inject({ method: 'PATCH', url: `/deployments/${id}`, payload })

  const moved = await patch({ uri: 'http://localhost:19311/', use_http_11: true, overwrite: true, dry_run: false })
  t.match(moved, { statusCode: 200 })
  t.match(moved.json(), { id: dpA, uri: 'http://localhost:19311/', services: [{ name: 'Greeter', revision: 1 }] })
  t.strictSame(admin.registry.requests.at(-1), {
    uri: 'http://localhost:19311/',
    useHttp11: true,
    overwrite: true,
    dryRun: false,
  })

  await patch({ use_http_11: true })
  t.match(admin.registry.requests.at(-1), { useHttp11: true }, 'counts without uri too, unlike the peer')

  t.match(await patch({}, dpUnknown), { statusCode: 404 })
  t.match((await patch({ arn: 'arn:x' })).json(), {
    message:
      'cannot update the deployment, as the deployment type is http while the update options are for type lambda',
  })
  t.match(await patch({ overwrite: 'yes' }), { statusCode: 422 })
})

t.test('PUT is the update under /v2 only', async (t) => {
  await using admin = testAdmin()
  admin.client.schema.put(deployment(dpA))
  for (const prefix of ['', '/v3', '/v4']) {
    const answer = await admin.app.inject({ method: 'PUT', url: `${prefix}/deployments/${dpA}`, payload: { uri } })
    t.equal(answer.statusCode, 405)
    t.strictSame(answer.json(), { message: 'PUT deployment is deprecated, use PATCH instead', restate_code: null })
  }
  const answer = await admin.app.inject({ method: 'PUT', url: `/v2/deployments/${dpA}`, payload: { uri } })
  t.match(answer.json(), { id: dpA })
})
