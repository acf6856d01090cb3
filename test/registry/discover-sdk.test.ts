import { createServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import * as restate from '@restatedev/restate-sdk'
import t from 'tap'
import { DefaultEgressPolicy } from '../../src/invoker/egress/default-egress-policy.ts'
import { buildServices } from '../../src/registry/build-services.ts'
import { checkProtocol } from '../../src/registry/check-protocol.ts'
import { parseDeploymentUri } from '../../src/registry/deployment-uri.ts'
import { type Discovered, discover } from '../../src/registry/discover.ts'
import { listening } from './endpoints.ts'

const greeter = restate.service({
  name: 'Greeter',
  handlers: {
    greet: async (_ctx: restate.Context, name: string) => `Hello ${name}`,
    raw: restate.handlers.handler(
      { input: restate.serde.binary, output: restate.serde.binary },
      async (_ctx: restate.Context, body: Uint8Array) => body,
    ),
  },
  options: { journalRetention: { hours: 2 }, retryPolicy: { maxAttempts: 9, onMaxAttempts: 'kill' } },
})

const counter = restate.object({
  name: 'Counter',
  handlers: {
    add: async (ctx: restate.ObjectContext, by: number) => ctx.set('count', by),
    get: restate.handlers.object.shared(async (ctx: restate.ObjectSharedContext) => ctx.get<number>('count')),
  },
})

const signup = restate.workflow({
  name: 'Signup',
  handlers: {
    run: async (_ctx: restate.WorkflowContext) => 'done',
    status: async (_ctx: restate.WorkflowSharedContext) => 'waiting',
  },
  options: { workflowRetention: { days: 3 } },
})

const services = [greeter, counter, signup]
const noLimits = {
  maxJournalRetentionMs: undefined,
  maxIdempotencyRetentionMs: undefined,
  maxWorkflowCompletionRetentionMs: undefined,
  maxRetryPolicyMaxAttempts: undefined,
}

function discoverAt(port: number, useHttp11: boolean): Promise<Discovered> {
  return discover(
    { url: parseDeploymentUri(`http://127.0.0.1:${port}`), useHttp11, additionalHeaders: [] },
    { dialer: { egress: new DefaultEgressPolicy() }, clusterName: 'c' },
  )
}

t.test('the official SDK over HTTP/2', async (t) => {
  const port = await listening(t, createHttp2Server(restate.createEndpointHandler({ services })))
  const discovered = await discoverAt(port, false)
  t.match(discovered, {
    httpVersion: 'HTTP/2.0',
    sdkVersion: 'restate-sdk-typescript/1.17.2',
    manifest: { protocolMode: 'BIDI_STREAM' },
  })
  t.same(checkProtocol('x', discovered), { min: 5, max: 7 })
  const built = buildServices(discovered.manifest, noLimits)
  t.same(built.info, [])
  t.match(built.services, [
    {
      name: 'Greeter',
      type: 'Service',
      public: true,
      journalRetentionMs: 7_200_000,
      retryPolicy: { maxAttempts: 9, onMaxAttempts: 'kill' },
      handlers: [
        {
          name: 'greet',
          type: 'Stateless',
          inputDescription: 'application/json',
          outputDescription: 'application/json',
          input: [{ kind: 'empty' }, { kind: 'content-type', contentType: 'application/json' }],
          output: { kind: 'content-type', contentType: 'application/json', setIfEmpty: false },
        },
        { name: 'raw', inputDescription: 'application/octet-stream' },
      ],
    },
    {
      name: 'Counter',
      type: 'VirtualObject',
      handlers: [
        { name: 'add', type: 'Exclusive' },
        { name: 'get', type: 'Shared' },
      ],
    },
    {
      name: 'Signup',
      type: 'Workflow',
      handlers: [
        { name: 'run', type: 'Workflow', workflowCompletionRetentionMs: 259_200_000 },
        { name: 'status', type: 'Shared' },
      ],
    },
  ])
})

t.test('the official SDK over HTTP/1.1', async (t) => {
  const port = await listening(t, createServer(restate.createEndpointHandler({ services, bidirectional: false })))
  const discovered = await discoverAt(port, true)
  t.match(discovered, { httpVersion: 'HTTP/1.1', manifest: { protocolMode: 'REQUEST_RESPONSE' } })
  await t.rejects(discoverAt(port, false), {
    code: 'PERDURE_ERR_REGISTRY_HTTP2_NOT_SPOKEN',
    restateCode: 'META0014',
  })
})

t.test('the official SDK that checks request identity', async (t) => {
  const identityKeys = ['publickeyv1_w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f']
  const port = await listening(
    t,
    createHttp2Server(restate.createEndpointHandler({ services, identityKeys, logger: () => {} })),
  )
  await t.rejects(discoverAt(port, false), {
    code: 'PERDURE_ERR_REGISTRY_DISCOVERY_STATUS',
    message: /status 401.*identityKeys/,
  })
})
