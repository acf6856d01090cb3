import t from 'tap'
import { nowMs, type TestAdmin, testAdmin } from './admin-app.ts'
import { deployment, dpA, invocationId, service } from './samples.ts'

function adminWithServices(): TestAdmin {
  const admin = testAdmin()
  admin.client.schema.put(
    deployment(dpA, {
      services: [
        service('Greeter'),
        service('Counter', { type: 'VirtualObject' }),
        service('Signup', { type: 'Workflow' }),
      ],
    }),
  )
  return admin
}

function post(admin: TestAdmin, name: string, payload: object) {
  return admin.app.inject({ method: 'POST', url: `/v4/services/${name}/state`, payload })
}

const version = '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU'

t.test('a mutation is queued with what it says', async (t) => {
  await using admin = adminWithServices()
  const answer = await post(admin, 'Counter', {
    version,
    object_key: 'bob/ü',
    new_state: { count: [52, 50], naïve: 'ä', empty: [], __proto__x: '' },
    unknown: true,
  })
  t.equal(answer.statusCode, 202)
  t.equal(answer.body, '')
  t.equal(answer.headers['content-type'], undefined)
  const [mutation] = admin.client.mutations
  t.match(mutation, { type: 'mutate-state', now: nowMs, service: 'Counter', key: 'bob/ü', version })
  t.strictSame(
    mutation?.state.map(([key, value]) => [Buffer.from(key).toString(), [...value]]),
    [
      ['count', [52, 50]],
      ['naïve', [0xc3, 0xa4]],
      ['empty', []],
      ['__proto__x', []],
    ],
  )
  t.match(admin.log.info, [
    {
      action: 'state.mutate',
      service: 'Counter',
      objectKey: 'bob/ü',
      stateKeys: 4,
      version,
      result: 'done',
      status: 202,
    },
  ])
  t.notMatch(JSON.stringify(admin.log.info), /count|naïve/, 'what the state is stays out of the log')
})

t.test('values do not keep more memory than they show', async (t) => {
  await using admin = adminWithServices()
  await post(admin, 'Counter', { object_key: 'k', new_state: { a: 'short', b: [1] } })
  for (const [key, value] of admin.client.mutations[0]?.state ?? []) {
    t.equal(key.buffer.byteLength, key.length)
    t.equal(value.buffer.byteLength, value.length)
  }
})

t.test('without a version, on a workflow, for an empty key, to clear', async (t) => {
  await using admin = adminWithServices()
  for (const [name, body] of [
    ['Signup', { object_key: '', new_state: {} }],
    ['Counter', { version: null, object_key: 'k', scope: null, new_state: { a: [0, 255] } }],
  ] as const) {
    t.equal((await post(admin, name, body)).statusCode, 202)
    t.match(admin.client.mutations.at(-1), { service: name, key: body.object_key, version: undefined })
  }
})

t.test('services that have no state, and those that are not there', async (t) => {
  await using admin = adminWithServices()
  const plain = await post(admin, 'Greeter', { object_key: 'k', new_state: {} })
  t.equal(plain.statusCode, 400)
  t.strictSame(plain.json(), { message: 'Cannot modify state for service type Service', restate_code: null })
  const unknown = await post(admin, 'Nope', { object_key: 'k', new_state: { a: [1] } })
  t.equal(unknown.statusCode, 404)
  t.strictSame(unknown.json(), { message: "The requested service 'Nope' does not exist", restate_code: null })
  t.equal(admin.client.mutations.length, 0)
  t.match(admin.log.info.at(-1), {
    action: 'state.mutate',
    result: 'refused',
    errorCode: 'PERDURE_ERR_ADMIN_NOT_FOUND',
  })

  t.equal((await post(admin, 'Nope', { object_key: 'k', new_state: {} })).statusCode, 202, 'left over state can go')
  t.match(admin.client.mutations, [{ service: 'Nope', state: [] }])
})

t.test('bad input', async (t) => {
  await using admin = adminWithServices()
  const good = { object_key: 'k', new_state: {} }
  for (const [body, status, text] of [
    [{ new_state: {} }, 422, /object_key: missing field/],
    [{ object_key: 'k' }, 422, /new_state: missing field/],
    [{ ...good, object_key: 1 }, 422, /object_key: expected a string/],
    [{ ...good, object_key: '\ud800' }, 422, /object_key: .*surrogate/],
    [{ ...good, new_state: [] }, 422, /new_state: expected an object/],
    [{ ...good, new_state: { a: 1 } }, 422, /new_state\.a: expected bytes/],
    [{ ...good, new_state: { a: null } }, 422, /new_state\.a: expected bytes/],
    [{ ...good, new_state: { a: [256] } }, 422, /new_state\.a: \[0\] is no byte/],
    [{ ...good, new_state: { a: [0, -1] } }, 422, /new_state\.a: \[1\] is no byte/],
    [{ ...good, new_state: { a: [1.5] } }, 422, /is no byte/],
    [{ ...good, new_state: { a: ['1'] } }, 422, /is no byte/],
    [{ ...good, new_state: { a: '\udc00' } }, 422, /new_state\.a: .*surrogate/],
    [{ ...good, new_state: { '\ud800': '' } }, 422, /surrogate/],
    [{ ...good, version: 7 }, 422, /version: expected a string/],
    [{ ...good, version: 'wrong' }, 400, /request field 'version' is invalid/],
    [{ ...good, version: '' }, 400, /request field 'version' is invalid/],
    [{ ...good, scope: 's1' }, 400, /request field 'scope' is invalid/],
  ] as const) {
    const answer = await post(admin, 'Counter', body)
    t.equal(answer.statusCode, status, answer.body)
    t.match(answer.body, text)
  }
  t.equal(admin.client.mutations.length, 0)
})

t.test('a partition that cannot take it', async (t) => {
  await using admin = adminWithServices()
  admin.client.failure = { id: invocationId, error: new Error('no') }
  t.equal((await post(admin, 'Counter', { object_key: 'k', new_state: {} })).statusCode, 500)
})
