import t from 'tap'
import { defaults, testAdmin } from './admin-app.ts'
import { deployment, dpA, dpB, handler, service } from './samples.ts'

function twoDeployments() {
  const admin = testAdmin()
  admin.client.schema.put(deployment(dpA, { services: [service('Greeter'), service('Counter', counter)] }))
  admin.client.schema.put(deployment(dpB, { services: [service('Greeter', { revision: 2 })] }))
  return admin
}

const counter = {
  type: 'VirtualObject',
  handlers: [handler('add', { type: 'Exclusive' }), handler('get', { type: 'Shared' })],
} as const

t.test('the latest revision of each service, by name', async (t) => {
  await using admin = twoDeployments()
  const { services } = (await admin.app.inject({ url: '/v4/services' })).json()
  t.match(services, [
    { name: 'Counter', revision: 1, deployment_id: dpA },
    { name: 'Greeter', revision: 2, deployment_id: dpB },
  ])
  t.strictSame((await admin.app.inject({ url: '/v4/services/Greeter' })).json(), services[1])
})

t.test('handlers', async (t) => {
  await using admin = twoDeployments()
  const { handlers } = (await admin.app.inject({ url: '/services/Counter/handlers' })).json()
  t.match(handlers, [
    { name: 'add', ty: 'Exclusive' },
    { name: 'get', ty: 'Shared' },
  ])
  t.strictSame((await admin.app.inject({ url: '/services/Counter/handlers/get' })).json(), handlers[1])
})

t.test('what does not exist', async (t) => {
  await using admin = twoDeployments()
  for (const [url, message] of [
    ['/services/Nope', "The requested service 'Nope' does not exist"],
    ['/services/Nope/handlers', "The requested service 'Nope' does not exist"],
    ['/services/Nope/handlers/x', "The requested service 'Nope' does not exist"],
    ['/services/Counter/handlers/nope', "The requested handler 'nope' on service 'Counter' does not exist"],
  ]) {
    const answer = await admin.app.inject({ url: url ?? '' })
    t.equal(answer.statusCode, 404)
    t.strictSame(answer.json(), { message, restate_code: null })
  }
})

t.test('everything that a service and a handler can say', async (t) => {
  await using admin = testAdmin({ config: { ...defaults, maxJournalRetentionMs: 3_600_000 } })
  admin.client.schema.put(
    deployment(dpA, {
      services: [
        service('Signup', {
          type: 'Workflow',
          public: false,
          revision: 3,
          documentation: 'Signs up',
          metadata: { team: 'blue' },
          workflowCompletionRetentionMs: 5 * 86_400_000,
          journalRetentionMs: 7_200_000,
          idempotencyRetentionMs: 90_000,
          inactivityTimeoutMs: 0,
          abortTimeoutMs: 1500,
          enableLazyState: true,
          retryPolicy: { maxAttempts: 3, onMaxAttempts: 'kill', initialIntervalMs: 100 },
          handlers: [
            handler('run', {
              type: 'Workflow',
              public: false,
              documentation: 'Runs',
              metadata: { owner: 'ada' },
              journalRetentionMs: 1000,
              idempotencyRetentionMs: 2000,
              inactivityTimeoutMs: 3000,
              abortTimeoutMs: 4000,
              enableLazyState: false,
              inputJsonSchema: { type: 'string' },
              outputJsonSchema: true,
              retryPolicy: {
                initialIntervalMs: 10,
                exponentiationFactor: 1.5,
                maxIntervalMs: 20,
                maxAttempts: 2,
                onMaxAttempts: 'pause',
              },
            }),
          ],
        }),
      ],
    }),
  )
  t.strictSame((await admin.app.inject({ url: '/services/Signup' })).json(), {
    name: 'Signup',
    ty: 'Workflow',
    handlers: [
      {
        name: 'run',
        ty: 'Workflow',
        documentation: 'Runs',
        metadata: { owner: 'ada' },
        idempotency_retention: '2s',
        journal_retention: '1s',
        inactivity_timeout: '3s',
        abort_timeout: '4s',
        enable_lazy_state: false,
        public: false,
        input_description: 'application/json',
        output_description: 'application/json',
        input_json_schema: { type: 'string' },
        output_json_schema: true,
        retry_policy: {
          initial_interval: '10ms',
          exponentiation_factor: 1.5,
          max_attempts: 2,
          max_interval: '20ms',
          on_max_attempts: 'Pause',
        },
      },
    ],
    documentation: 'Signs up',
    metadata: { team: 'blue' },
    deployment_id: dpA,
    revision: 3,
    public: false,
    idempotency_retention: '1m 30s',
    workflow_completion_retention: '5d',
    journal_retention: '1h',
    inactivity_timeout: '0s',
    abort_timeout: '1s 500ms',
    enable_lazy_state: true,
    retry_policy: {
      initial_interval: '100ms',
      exponentiation_factor: 2,
      max_attempts: 3,
      max_interval: '1m',
      on_max_attempts: 'Kill',
    },
  })
})

t.test('changing a service', async (t) => {
  await using admin = twoDeployments()
  const patch = (name: string, payload: object) =>
    admin.app.inject({ method: 'PATCH', url: `/v4/services/${name}`, payload })

  const changed = await patch('Counter', {
    public: false,
    idempotency_retention: '2h',
    workflow_completion_retention: null,
    journal_retention: '3 days',
    inactivity_timeout: 'PT30S',
    abort_timeout: '1 minute 30 seconds',
    unknown: true,
  })
  t.equal(changed.statusCode, 200)
  t.match(changed.json(), {
    name: 'Counter',
    public: false,
    idempotency_retention: '2h',
    journal_retention: '3d',
    inactivity_timeout: '30s',
    abort_timeout: '1m 30s',
  })
  t.strictSame(admin.registry.requests, [
    {
      name: 'Counter',
      public: false,
      idempotencyRetentionMs: 7_200_000,
      journalRetentionMs: 259_200_000,
      inactivityTimeoutMs: 30_000,
      abortTimeoutMs: 90_000,
    },
  ])
  t.match(admin.log.info.at(-1), { action: 'service.patch', service: 'Counter', result: 'done' })

  t.match((await patch('Counter', { public: null })).json(), { name: 'Counter', public: true })
  t.equal(admin.registry.requests.length, 1, 'nothing to change: nothing is asked')

  const unknown = await patch('Nope', { public: true })
  t.equal(unknown.statusCode, 404)
  t.match(unknown.json(), { message: "not found in the schema registry: service with name 'Nope'" })

  const noWorkflow = await patch('Counter', { workflow_completion_retention: '1d' })
  t.equal(noWorkflow.statusCode, 400)
  t.match(noWorkflow.json(), { message: 'modifying retention time for service type VirtualObject is unsupported' })

  for (const payload of [{ idempotency_retention: 'garbage' }, { abort_timeout: 5 }, { public: 'no' }]) {
    const refused = await patch('Counter', payload)
    t.equal(refused.statusCode, 422)
    t.match(refused.body, new RegExp(`^Failed to deserialize .* type: ${Object.keys(payload)[0]}: `))
  }
})

t.test('a workflow shows the retention of its run', async (t) => {
  await using admin = testAdmin()
  const run = handler('run', { type: 'Workflow', workflowCompletionRetentionMs: 3_600_000 })
  admin.client.schema.put(deployment(dpA, { services: [service('Signup', { type: 'Workflow', handlers: [run] })] }))
  t.match((await admin.app.inject({ url: '/services/Signup' })).json(), { workflow_completion_retention: '1h' })
})
