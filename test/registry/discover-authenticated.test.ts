import type { ServerHttp2Stream } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { DeploymentAuth } from '../../src/core/deployment.ts'
import { GcpAmbientUnsupported, GcpCredentialsUnusable, GcpMintFailed, GcpMintTimeout } from '../../src/errors/gcp.ts'
import { DefaultEgressPolicy } from '../../src/invoker/egress/default-egress-policy.ts'
import { parseDeploymentUri } from '../../src/registry/deployment-uri.ts'
import { type DiscoveryOptions, discover } from '../../src/registry/discover.ts'
import { answerManifest, h2c, http1 } from './endpoints.ts'

const auth: DeploymentAuth = { kind: 'google-id-token', audience: 'https://svc' }
const impersonating = { ...auth, impersonateServiceAccount: 'a@p.iam.gserviceaccount.com' }

/** Gives token 1, token 2 and so on, or throws what `failures` has next. */
function tokens(failures: Error[] = []) {
  let minted = 0
  return {
    asked: [] as DeploymentAuth[],
    async forDiscovery(asked: DeploymentAuth): Promise<string> {
      this.asked.push(asked)
      const failure = failures.shift()
      if (failure !== undefined) throw failure
      return `token-${++minted}`
    },
  }
}

function discoverAt(uri: string, idTokens: DiscoveryOptions['idTokens'], more: object = {}) {
  return discover(
    {
      url: parseDeploymentUri(uri),
      useHttp11: false,
      additionalHeaders: [['authorization', 'Bearer of-the-app']],
      auth,
      ...more,
    },
    {
      dialer: { egress: new DefaultEgressPolicy() },
      clusterName: 'c',
      requestHeaders: [['X-Serverless-Authorization', 'Bearer configured']],
      sign: () => [['x-restate-jwt-v1', 'signed']],
      ...(idTokens === undefined ? {} : { idTokens }),
    },
  )
}

t.test('the token comes last and alone, on HTTP/2 and HTTP/1.1', async (t) => {
  const seen: string[][] = []
  const names = (raw: readonly string[]) => raw.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())
  const overHttp2 = await h2c(t, (stream) => answerManifest(stream))
  const overHttp1 = await http1(t, (request, response) => {
    seen.push([...request.rawHeaders])
    response.writeHead(200, { 'content-type': 'application/vnd.restate.endpointmanifest.v4+json' })
    response.end(
      JSON.stringify({ protocolMode: 'REQUEST_RESPONSE', minProtocolVersion: 5, maxProtocolVersion: 5, services: [] }),
    )
  })
  await discoverAt(overHttp2, tokens())
  await discoverAt(overHttp1, tokens(), { useHttp11: true })
  t.equal(names(seen[0] ?? []).at(-1), 'x-serverless-authorization')
  t.equal(seen[0]?.at(-1), 'Bearer token-1')
  t.equal(names(seen[0] ?? []).filter((name) => name === 'x-serverless-authorization').length, 1)
  t.match(names(seen[0] ?? []), ['host', 'connection', 'authorization'])
})

t.test('each attempt has a token of its own', async (t) => {
  const seen: unknown[] = []
  const base = await h2c(t, (stream: ServerHttp2Stream, headers) => {
    seen.push(headers['x-serverless-authorization'])
    if (seen.length < 3) stream.respond({ ':status': 503 }, { endStream: true })
    else answerManifest(stream)
  })
  const source = tokens()
  await discoverAt(base, source)
  t.same(seen, ['Bearer token-1', 'Bearer token-2', 'Bearer token-3'])
  t.same(source.asked, [auth, auth, auth])
})

t.test('what fails to be minted is tried again or not, and never sent without', async (t) => {
  let requests = 0
  const base = await h2c(t, (stream) => {
    requests++
    answerManifest(stream)
  })
  const failed = new GcpMintFailed('not now')
  const late = new GcpMintTimeout('late')
  const unusable = new GcpCredentialsUnusable('no file')
  const unsupported = new GcpAmbientUnsupported('a user')
  const passing = tokens([failed, late])
  t.match(await discoverAt(base, passing), { manifest: { services: [{ name: 'Greeter' }] } })
  t.equal(passing.asked.length, 3)
  t.equal(requests, 1)

  requests = 0
  const cases = [
    [failed, 5, auth],
    [unusable, 5, impersonating],
    [unusable, 1, auth],
    [unsupported, 1, auth],
  ] as const
  const check = async ([error, attempts, asked]: (typeof cases)[number]) => {
    const source = tokens(Array.from({ length: 9 }, () => error))
    await t.rejects(discoverAt(base, source, { auth: asked }), error)
    t.equal(source.asked.length, attempts)
  }
  await Promise.all(cases.map(check))
  await t.rejects(discoverAt(base, undefined), /cannot be discovered without ID tokens/)
  t.equal(requests, 0)
})

t.test('time that goes by without a token is no fault of the deployment', async (t) => {
  const late = new GcpMintTimeout('late')
  let asked = 0
  const source = {
    async forDiscovery(_auth: DeploymentAuth, signal?: AbortSignal): Promise<string> {
      if (++asked === 1) throw late
      await sleep(10_000, undefined, { ref: true, ...(signal === undefined ? {} : { signal }) })
      return 'too late'
    },
  }
  const options = { dialer: { egress: new DefaultEgressPolicy() }, clusterName: 'c', idTokens: source, timeoutMs: 300 }
  const request = { url: parseDeploymentUri('https://127.0.0.1:1'), useHttp11: false, additionalHeaders: [], auth }
  await t.rejects(discover(request, options), late)
  t.equal(asked, 2)
})

t.test('answers of the front end are explained, and only those', async (t) => {
  const page = { 'content-type': 'text/html; charset=UTF-8', server: 'Google Frontend' }
  const explained = async (t: Test, headers: Record<string, string | number>, body: string, more: object = {}) => {
    const base = await h2c(t, (stream) => {
      stream.respond(headers)
      stream.end(body)
    })
    return await discoverAt(base, tokens(), more).then(
      () => t.fail('it should fail'),
      (error: Error) => error,
    )
  }
  const secret = '<p>of another system</p>'
  const protocol = `${secret} upstream connect error. reset reason: protocol error`
  const cases = [
    [
      401,
      secret,
      {},
      /status 401\. Cloud Run does not accept the ID token for the audience https:\/\/svc.*--gcp-audience/,
    ],
    [403, secret, {}, /status 403\. The token is good.*roles\/run\.invoker/],
    [403, secret, { auth: impersonating }, /a@p\.iam\.gserviceaccount\.com may not call/],
    [403, secret, { auth: undefined }, /registered without authentication.*--gcp-id-token/],
    [404, secret, {}, /ingress/],
    [429, secret, {}, /max-instances/],
    [503, protocol, {}, /do not speak the same protocol.*--use-http2/],
    [500, secret, {}, /its log tells more/],
  ] as const
  const check = async ([status, body, more, meaning]: (typeof cases)[number]) => {
    const error = await explained(t, { ...page, ':status': status }, body, more)
    t.match(error, { restateCode: 'META0003', message: meaning }, `${status}`)
    t.notMatch(error, { message: /another system/ })
  }
  await Promise.all(cases.map(check))
  const own = await explained(t, { ':status': 401, 'x-restate-server': 'sdk', server: 'Google Frontend' }, '')
  t.match(own, { message: /request identity/ }, 'the service itself')
})

t.test('a stream that breaks may mean that HTTP/2 does not get through', async (t) => {
  const base = await h2c(t, (stream) => stream.close(1))
  await t.rejects(discoverAt(base, tokens()), { restateCode: 'META0003', message: /--use-http2/ })
  await t.rejects(discoverAt(base, tokens(), { auth: undefined }), { message: /^(?!.*--use-http2)/ })
})
