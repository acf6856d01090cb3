import t from 'tap'
import { testAdmin } from './admin-app.ts'
import { deployment, dpA, dpB } from './samples.ts'

const uri = 'http://localhost:19310/'

t.test('authentication', async (t) => {
  await using admin = testAdmin()
  const account = 'caller@proj.iam.gserviceaccount.com'
  const post = (auth: unknown) => admin.app.inject({ method: 'POST', url: '/deployments', payload: { uri, auth } })
  const patch = (payload: object) => admin.app.inject({ method: 'PATCH', url: `/deployments/${dpA}`, payload })
  const asked = () => admin.registry.requests.at(-1)

  await post({ GoogleIdToken: { unknown: true } })
  t.match(asked(), { auth: { kind: 'google-id-token', audience: undefined, impersonateServiceAccount: undefined } })
  await post({ GoogleIdToken: { audience: 'https://a', impersonate_service_account: account } })
  t.match(asked(), {
    auth: { kind: 'google-id-token', audience: 'https://a', impersonateServiceAccount: account },
  })
  await post(null)
  t.notOk(Object.hasOwn(Object(asked()), 'auth'))

  await patch({ additional_headers: {} })
  t.notOk(Object.hasOwn(Object(asked()), 'auth'), 'stays')
  await patch({ auth: null })
  t.match(asked(), { auth: null })
  await patch({ auth: { GoogleIdToken: { audience: 'https://b' } } })
  t.match(asked(), { auth: { audience: 'https://b' } })
  t.equal((await patch({ auth: {} })).statusCode, 422)

  const auth = { kind: 'google-id-token', audience: 'https://a' } as const
  admin.client.schema.put(deployment(dpA, { auth }))
  admin.client.schema.put(deployment(dpB, { auth: { ...auth, impersonateServiceAccount: account } }))
  const detail = (id: string) => admin.app.inject({ url: `/deployments/${id}` })
  t.strictSame((await detail(dpA)).json().auth, { GoogleIdToken: { audience: 'https://a' } })
  const both = { GoogleIdToken: { audience: 'https://a', impersonate_service_account: account } }
  t.strictSame((await detail(dpB)).json().auth, both)
  const list = (await admin.app.inject({ url: '/deployments' })).json().deployments
  t.strictSame(
    list.map((item: { auth: unknown }) => item.auth),
    [both, { GoogleIdToken: { audience: 'https://a' } }],
  )
  t.strictSame((await patch({ use_http_11: true })).json().auth, { GoogleIdToken: { audience: 'https://a' } })
})
