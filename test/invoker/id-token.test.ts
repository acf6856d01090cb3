import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { DeploymentAuth } from '../../src/core/deployment.ts'
import { GcpMintFailed } from '../../src/errors/gcp.ts'
import type { TokenSource } from '../../src/invoker/id-token.ts'
import { listening } from '../registry/endpoints.ts'
import type { Exchange } from './fake-service.ts'
import { textOf } from './recording-host.ts'
import { firstExchange, Rig } from './rig.ts'
import { deployment, invocation, runCompletion, runEntry } from './samples.ts'

const auth: DeploymentAuth = { kind: 'google-id-token', audience: 'https://svc' }
const name = 'x-serverless-authorization'
const finishes = (exchange: Exchange): void => void exchange.accept().output('"hi"').end()
const page = { 'content-type': 'text/html; charset=UTF-8', server: 'Google Frontend' }

/** A source of tokens that writes down which of them were refused. */
function sourceOf(forInvocation: TokenSource['forInvocation']): TokenSource & { readonly refusals: string[] } {
  const refusals: string[] = []
  return { forInvocation, refused: (_auth, token) => void refusals.push(token), refusals }
}

/** Tokens that come when the test says so. */
function slowTokens() {
  const waiting: PromiseWithResolvers<string>[] = []
  const forInvocation = () => {
    const minting = Promise.withResolvers<string>()
    waiting.push(minting)
    return minting.promise
  }
  return { waiting, idTokens: sourceOf(forInvocation) }
}

const aLittle = () => new Promise((resolve) => setTimeout(resolve, 30))

t.test('a cached token: sent at once, the last header and the only one of its name', async (t) => {
  const asked: unknown[] = []
  let opened = false
  await using rig = await Rig.start({
    script: finishes,
    deployment: { auth, additionalHeaders: [['authorization', 'Bearer of-the-app']] },
    config: { additionalRequestHeaders: { 'X-Serverless-Authorization': 'Bearer configured', 'x-last': '1' } },
    invoker: {
      sign: () => {
        opened = true
        return [['x-restate-jwt-v1', 'signed']]
      },
      idTokens: sourceOf((one) => {
        asked.push(one)
        return 'cached'
      }),
    },
  })
  rig.run()
  t.equal(opened, true, 'the request was made within the call')
  const exchange = await firstExchange(rig)
  await rig.host.atLeast(2)
  t.same(asked, [auth])
  t.match(exchange.headers, { [name]: 'Bearer cached', authorization: 'Bearer of-the-app' })
  t.same(exchange.rawHeaders.slice(-2), [name, 'Bearer cached'])
  t.equal(exchange.rawHeaders.filter((header) => header === name).length, 1)
})

t.test('a deployment without authentication: no token is asked for, and none is sent', async (t) => {
  const tokens = slowTokens()
  await using rig = await Rig.start({ script: finishes, invoker: tokens })
  rig.run()
  const exchange = await firstExchange(rig)
  t.equal(tokens.waiting.length, 0)
  t.equal(exchange.headers[name], undefined)
})

t.test('a token that has to be minted: nothing is sent before, nothing is lost meanwhile', async (t) => {
  const tokens = slowTokens()
  await using rig = await Rig.start({ script: finishes, deployment: { auth }, invoker: tokens })
  const subject = invocation()
  const journal = [...subject.journal]
  rig.run({ ...subject, journal })
  await aLittle()
  t.equal(rig.service.sessionCount, 0, 'not even a connection')
  t.equal(rig.invoker.inFlight, 1)

  journal.push(runEntry, runCompletion)
  rig.invoker.notify({ ...subject, journal }, 2)
  rig.invoker.interrupt(subject.seq)
  tokens.waiting[0]?.resolve('minted')
  const exchange = await firstExchange(rig)
  await exchange.until((one) => one.ended)
  t.equal(exchange.headers[name], 'Bearer minted')
  t.equal(exchange.types(), '0000 0400 0411 8011')
  await rig.host.atLeast(2)
  t.same(rig.host.commands.map(textOf), ['append output', 'end'])
})

t.test('no token: nothing is sent, the failure is not the handler’s, and the policy decides', async (t) => {
  const tokens = slowTokens()
  await using rig = await Rig.start({ script: finishes, deployment: { auth }, invoker: tokens })
  rig.run()
  tokens.waiting[0]?.reject(new GcpMintFailed('failed to mint ID token: not now'))
  await rig.host.atLeast(1)
  t.same(rig.host.commands.map(textOf), ['fail 500 RT0010 retry infra'])
  t.match(rig.host.commands, [{ failure: { message: 'failed to mint ID token: not now' }, countsForPolicy: true }])
  rig.run()
  tokens.waiting[1]?.reject(new TypeError('Bearer ya29.secret'))
  await rig.host.atLeast(2)
  t.match(rig.host.commands[1], { failure: { restateCode: 'RT0010', message: 'failed to mint ID token.' } })
  await aLittle()
  t.equal(rig.service.sessionCount, 0)
  t.equal(rig.invoker.inFlight, 0)
  t.equal(rig.invoker.replayBytes, 0)
})

t.test('an invoker without a source of tokens sends nothing', async (t) => {
  await using rig = await Rig.start({ script: finishes, deployment: { auth } })
  rig.run()
  await rig.host.atLeast(1)
  t.same(rig.host.commands.map(textOf), ['fail 500 RT0010 retry infra'])
  t.equal(rig.service.sessionCount, 0)
})

t.test('an attempt that ends while its token is minted', async (t) => {
  const tokens = slowTokens()
  await using rig = await Rig.start({ script: finishes, deployment: { auth }, invoker: tokens })
  const first = rig.run()
  rig.invoker.abort(first.seq)
  tokens.waiting[0]?.resolve('late')
  const second = rig.run()
  rig.invoker.abort(second.seq)
  tokens.waiting[1]?.reject(new GcpMintFailed('late'))
  rig.run()
  await rig.invoker.close()
  tokens.waiting[2]?.reject(new GcpMintFailed('later'))
  await aLittle()
  t.same(rig.host.commands, [])
  t.equal(rig.service.sessionCount, 0)
  t.equal(rig.invoker.inFlight, 0)
})

t.test('a request that was refused unseen goes out again with a token of that moment', async (t) => {
  let minted = 0
  await using rig = await Rig.start({
    script: (exchange) => {
      if (rig.service.exchanges.length === 1) exchange.stream.close(7)
      else finishes(exchange)
    },
    deployment: { auth },
    invoker: { idTokens: sourceOf(() => (++minted === 1 ? 'first' : Promise.resolve('second'))) },
  })
  rig.run()
  await rig.host.atLeast(2)
  t.same(
    rig.service.exchanges.map(({ headers }) => headers[name]),
    ['Bearer first', 'Bearer second'],
  )
})

t.test('HTTP/1.1', async (t) => {
  const seen: string[][] = []
  const server = createServer((request, response) => {
    seen.push([...request.rawHeaders])
    response.writeHead(403, page).end('no')
  })
  await listening(t, server)
  await using rig = await Rig.start({
    script: finishes,
    config: { additionalRequestHeaders: { [name]: 'Bearer configured' } },
    invoker: { idTokens: sourceOf(() => 'cached') },
  })
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  rig.schema.put(deployment(uri, { auth, httpVersion: 'HTTP/1.1', protocolMode: 'REQUEST_RESPONSE' }))
  rig.run()
  await rig.host.atLeast(1)
  t.match(rig.host.commands, [{ failure: { message: /status code 403\. The token is good/ } }])
  const values = seen[0]?.filter((_, index, all) => all[index - 1]?.toLowerCase() === name)
  t.same(values, ['Bearer cached'])
})

/** What an attempt fails with when the service answers like this, and which tokens it gave back as refused. */
async function answered(respond: (exchange: Exchange) => void, more: Parameters<typeof Rig.start>[0]['deployment']) {
  const idTokens = sourceOf(() => 'cached')
  await using rig = await Rig.start({ script: respond, deployment: more ?? {}, invoker: { idTokens } })
  rig.run()
  const [first] = await rig.host.atLeast(1)
  const failure = first?.command.type === 'fail-attempt' ? first.command.failure : undefined
  return { restateCode: failure?.restateCode, message: failure?.message ?? '', refusals: idTokens.refusals }
}

const protocolError = 'upstream connect error or disconnect/reset before headers. reset reason: protocol error'

t.test('answers of the front end are explained', async (t) => {
  for (const [status, authentication, body, code, meaning] of [
    [401, auth, undefined, 'RT0012', /http status code 401\. .*audience https:\/\/svc.*--gcp-audience/],
    [403, auth, undefined, 'RT0012', /roles\/run\.invoker/],
    [403, undefined, undefined, 'RT0012', /registered without authentication/],
    [404, auth, undefined, 'RT0012', /ingress/],
    [413, auth, undefined, 'RT0019', /32 MiB.*--use-http2/],
    [429, auth, 'Rate exceeded.', 'RT0023', /rate limited by the service \(429\)\. .*max-instances/],
    [500, auth, 'The request was aborted because there was no available instance.', 'RT0012', /max-instances/],
    [503, auth, undefined, 'RT0023', /its log tells more.*--use-http2/],
    [503, auth, protocolError, 'RT0023', /do not speak the same protocol.*--use-http2/],
    [502, auth, protocolError, 'RT0010', /do not speak the same protocol.*--use-http2/],
    [504, auth, 'upstream request timeout', 'RT0010', /request timeout of the service/],
  ] as const) {
    const got = await answered(
      ({ stream }) => {
        stream.respond({ ':status': status, ...page })
        stream.end(body)
      },
      authentication === undefined ? {} : { auth: authentication },
    )
    t.match(got, { restateCode: code, message: meaning }, `${status}`)
    if (body !== undefined) t.notOk(got.message.includes(body), 'the page itself is not repeated')
    const isRefusal = authentication !== undefined && (status === 401 || status === 403)
    t.same(got.refusals, isRefusal ? ['cached'] : [], 'which token is no good')
  }
})

t.test('a page of the front end is read as far as it goes, and no further', async (t) => {
  // What does not come is waited for for 5 s: where an end is not needed, none of it.
  const atOnce = async (script: (exchange: Exchange) => void) => {
    const startedAt = performance.now()
    const { message } = await answered(script, { auth })
    t.ok(performance.now() - startedAt < 4800, 'an end is not waited for where none is needed')
    return message
  }
  const headers = { ':status': 503, ...page }
  const endless = ({ stream }: Exchange) => {
    stream.respond(headers)
    stream.write(`${' '.repeat(4090)}protocol error`)
  }
  t.notMatch(await atOnce(endless), /same protocol/, 'beyond the limit')
  const broken = ({ stream }: Exchange) => {
    stream.respond(headers)
    stream.write(protocolError)
    setTimeout(() => stream.close(2), 20)
  }
  t.match(await atOnce(broken), /same protocol/)
  const inPieces = ({ stream }: Exchange) => {
    stream.respond(headers)
    stream.write('reset reason: proto')
    setTimeout(() => stream.end('col error'), 20)
  }
  t.match(await atOnce(inPieces), /same protocol/)
  const quick = performance.now()
  const stuck = ({ stream }: Exchange) => {
    stream.respond(headers)
    stream.write(protocolError)
  }
  t.match((await answered(stuck, { auth })).message, /same protocol/)
  const tookMs = performance.now() - quick
  t.ok(tookMs > 4500 && tookMs < 30_000, `what does not come is waited for for 5 s: ${tookMs} ms`)
})

t.test('a page over HTTP/1.1', async (t) => {
  const server = createServer((_request, response) => void response.writeHead(503, page).end(protocolError))
  await listening(t, server)
  const idTokens = sourceOf(() => 'cached')
  await using rig = await Rig.start({ script: finishes, invoker: { idTokens } })
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  rig.schema.put(deployment(uri, { auth, httpVersion: 'HTTP/1.1', protocolMode: 'REQUEST_RESPONSE' }))
  rig.run()
  await rig.host.atLeast(1)
  t.match(rig.host.commands, [{ failure: { message: /do not speak the same protocol/ } }])
})

t.test('an attempt that is aborted while a page is read has no outcome', async (t) => {
  const idTokens = sourceOf(() => 'cached')
  await using rig = await Rig.start({
    script: ({ stream }) => {
      stream.respond({ ':status': 503, ...page })
      stream.write('wait for')
    },
    deployment: { auth },
    invoker: { idTokens },
  })
  const subject = rig.run()
  await firstExchange(rig)
  await aLittle()
  rig.invoker.interrupt(subject.seq)
  rig.invoker.abort(subject.seq)
  while (rig.invoker.inFlight > 0) await aLittle()
  await aLittle()
  t.same(rig.host.commands, [])
})

t.test('a 401 of the service itself says nothing about the token', async (t) => {
  for (const headers of [
    { 'x-restate-server': 'restate-sdk-typescript/1.17.2', ...page },
    { 'content-type': 'application/json', server: 'Google Frontend' },
    { 'content-type': 'text/plain' },
  ]) {
    const got = await answered(
      ({ stream }) => {
        stream.respond({ ':status': 401, ...headers })
        stream.end('no')
      },
      { auth },
    )
    t.same(got, { restateCode: 'RT0012', message: 'unexpected http status code 401', refusals: [] })
  }
})

t.test('a two-way stream that breaks before an answer', async (t) => {
  const advice = /reset with HTTP\/2 error 1\. .*--use-http2/
  const messageOf = async (more: Parameters<typeof Rig.start>[0]['deployment'], script: (e: Exchange) => void) => {
    await using rig = await Rig.start({
      script,
      deployment: more ?? {},
      invoker: { idTokens: sourceOf(() => 'cached') },
    })
    rig.run()
    const [first] = await rig.host.atLeast(1)
    return first?.command.type === 'fail-attempt' ? first.command.failure.message : ''
  }
  const breaks = ({ stream }: Exchange) => stream.close(1)
  t.match(await messageOf({ auth }, breaks), advice)
  t.notMatch(await messageOf({}, breaks), advice)
  t.notMatch(await messageOf({ auth, protocolMode: 'REQUEST_RESPONSE' }, breaks), advice)
  const later = (exchange: Exchange) => {
    exchange.accept()
    setTimeout(() => exchange.stream.close(1), 20)
  }
  t.notMatch(await messageOf({ auth }, later), advice)
})
