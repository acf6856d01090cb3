import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { mintIdToken } from '../../src/gcp/mint-id-token.ts'
import { credentialsEnv, serviceAccountFile, targetAccount, userFile } from './credential-files.ts'
import { GoogleFakes } from './google-fakes.ts'

const audience = 'https://svc-abc.a.run.app'
const ambient = { audience, impersonateServiceAccount: undefined }
const impersonating = { audience, impersonateServiceAccount: targetAccount }

t.test('the limit holds for the whole mint, and for what is slow in it', async (t) => {
  const fakes = await GoogleFakes.start(t)
  const late = {
    code: 'PERDURE_ERR_GCP_MINT_TIMEOUT',
    restateCode: 'RT0010',
    message: /timed out after 150 ms \(audience/,
  }
  for (const [path, auth] of [
    [/identity/, ambient],
    [/default\/token/, impersonating],
    [/generateIdToken/, impersonating],
  ] as const) {
    fakes.faults.splice(0, 1, { path, hang: true })
    const began = performance.now()
    await t.rejects(mintIdToken(auth, { env: fakes.env, redirect: fakes.redirect, timeoutMs: 150 }), late)
    t.ok(performance.now() - began < 30_000, 'and waits for no answer')
  }
})

t.test('an ended mint gives up its request, not only the wait for it', async (t) => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const requested = once(server, 'request')
  const env = { GCE_METADATA_HOST: `127.0.0.1:${(server.address() as AddressInfo).port}` }
  const abort = new AbortController()
  const reason = new Error('gone')
  const mint = t.rejects(mintIdToken(ambient, { env }, abort.signal), reason)
  const [request]: IncomingMessage[] = await requested
  const closed = once(request?.socket ?? server, 'close')
  abort.abort(reason)
  await Promise.all([mint, closed])
  t.pass('its connection is closed')
})

t.test('the default limit is 5 seconds', async (t) => {
  const fakes = await GoogleFakes.start(t)
  fakes.faults.push({ path: /identity/, hang: true })
  const began = performance.now()
  await t.rejects(mintIdToken(ambient, { env: fakes.env }), { message: /timed out after 5000 ms/ })
  const took = performance.now() - began
  t.ok(took > 4900 && took < 30_000, `${took} ms`)
})

t.test('a caller that goes ends the mint, also in the pause before a repetition', async (t) => {
  const fakes = await GoogleFakes.start(t)
  fakes.faults.push({ path: /identity/, status: 503 })
  const abort = new AbortController()
  const reason = new Error('gone')
  // Counted before they are made: one that is under way may be seen later.
  let asked = 0
  const redirect = (url: URL) => {
    asked++
    return url
  }
  setTimeout(() => abort.abort(reason), 250)
  await t.rejects(mintIdToken(ambient, { env: fakes.env, redirect }, abort.signal), reason)
  const before = asked
  await new Promise((resolve) => setTimeout(resolve, 700))
  t.equal(asked, before, 'no more requests')
  await t.rejects(mintIdToken(ambient, { env: fakes.env, redirect }, abort.signal), reason)
  t.equal(asked, before, 'none at all for one that has gone before')
})

t.test('a mint that ends right before one of its requests is made rejects, and breaks nothing else', async (t) => {
  const fakes = await GoogleFakes.start(t)
  const byKey = credentialsEnv(t, serviceAccountFile())
  for (const [auth, env, asks] of [
    [ambient, fakes.env, 1],
    [ambient, byKey, 1],
    [impersonating, fakes.env, 2],
    [impersonating, credentialsEnv(t, userFile()), 2],
  ] as const) {
    const abort = new AbortController()
    const reason = new Error('gone')
    let asked = 0
    const redirect = (url: URL) => {
      if (++asked === asks) abort.abort(reason)
      return fakes.redirect(url)
    }
    await t.rejects(mintIdToken(auth, { env, redirect }, abort.signal), reason)
    t.equal(asked, asks)
    // An error that nobody hears would come by now, and end the process.
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
})

t.test('an answer that comes byte by byte, or without an end, is given up', async (t) => {
  let closed = 0
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'metadata-flavor': 'Google' })
    const drip = setInterval(() => response.write('e'), 20)
    response.once('close', () => {
      clearInterval(drip)
      closed++
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const env = { GCE_METADATA_HOST: `127.0.0.1:${(server.address() as AddressInfo).port}` }
  for (const auth of [ambient, impersonating]) {
    const began = performance.now()
    await t.rejects(mintIdToken(auth, { env, timeoutMs: 300 }), { code: 'PERDURE_ERR_GCP_MINT_TIMEOUT' })
    t.ok(performance.now() - began < 20_000, 'it would not end by itself')
  }
  while (closed < 2) await sleep(10)
  t.pass('and its connection closed')
})
