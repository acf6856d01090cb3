import { createHash } from 'node:crypto'
import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startInProcess } from '../harness/server-in-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { newKey, type SigningKey, sign } from './issuer.ts'

/** On the clock of the machine: files are looked at by themselves a second, or ten, after they have been read. */
const rsa = await newKey('rsa-1', 'RS256')
const ec = await newKey('ec-1', 'ES256')

t.test('files of keys are read again when the server is asked to, and those that are bad change nothing', async (t) => {
  const directory = shortDirectory(t)
  const apiKeys = join(directory, 'api-keys')
  const jwks = join(directory, 'jwks.json')
  const hashOf = (key: string) => createHash('sha256').update(key).digest('hex')
  // Same size, same times: nothing but the request says that it has changed.
  const putApiKey = (key: string) => {
    writeFileSync(apiKeys, `till sha256:${hashOf(key)}\n`)
    utimesSync(apiKeys, 1, 1)
  }
  const putJwks = (key: SigningKey) => writeFileSync(jwks, JSON.stringify({ keys: [key.jwk] }))
  putApiKey('first')
  putJwks(rsa)
  const { ingress, server, lines } = await startInProcess(t, {
    RESTATE_INGRESS__AUTH__API_KEYS_FILE: apiKeys,
    RESTATE_INGRESS__AUTH__JWT__JWKS_FILE: jwks,
    RESTATE_INGRESS__AUTH__JWT__ISSUER: 'https://login.example/',
    RESTATE_INGRESS__AUTH__JWT__AUDIENCES: 'orders',
  })
  const claims = { iss: 'https://login.example/', aud: 'orders', sub: 'ada', exp: Date.now() / 1000 + 600 }
  const tokens = { rsa: await sign(rsa, claims), ec: await sign(ec, claims) }
  const statusOf = async (bearer: string) =>
    (await fetch(`${ingress}/restate/output/x`, { headers: { authorization: `Bearer ${bearer}` } })).status
  const known = 400
  t.strictSame(await Promise.all([statusOf('first'), statusOf('second')]), [known, 401])
  t.strictSame(await Promise.all([statusOf(tokens.rsa), statusOf(tokens.ec)]), [known, 401])

  putApiKey('second')
  putJwks(ec)
  await server.reload()
  t.strictSame(await Promise.all([statusOf('first'), statusOf('second')]), [401, known])
  t.strictSame(await Promise.all([statusOf(tokens.rsa), statusOf(tokens.ec)]), [401, known])

  writeFileSync(apiKeys, 'till second\n')
  writeFileSync(jwks, 'no JSON')
  await server.reload()
  t.strictSame(await Promise.all([statusOf('second'), statusOf(tokens.ec)]), [known, known])
  const failures = lines.filter((line) => line.includes('reload-failed'))
  t.match(failures, [/ingress API keys/, /ingress JWKS/])
})
