import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ApiKeys } from '../../src/ingress/auth/api-keys.ts'
import { readJwks } from '../../src/ingress/auth/fetch-jwks.ts'
import { readTlsCredentials } from '../../src/listen/tls-credentials.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { shortDirectory } from '../harness/short-directory.ts'

const fixtures = join(import.meta.dirname, '../registry/fixtures')

t.test('files that say who may come in are not used when others can change them, and may be read by all', async (t) => {
  const directory = shortDirectory(t)
  const place = (name: string) => join(directory, name)
  writeFileSync(place('api-keys'), '')
  writeFileSync(place('jwks'), '{"keys":[]}')
  const [certFile, keyFile, clientCaFile] = [place('cert'), place('key'), place('ca')]
  const copy = (name: string, file: string) => writeFileSync(file, readFileSync(join(fixtures, name)))
  for (const file of [certFile, clientCaFile]) copy('localhost-cert.pem', file)
  copy('localhost-key.pem', keyFile)
  chmodSync(keyFile, 0o600)
  const log = createLogger({ logFilter: 'off', logFormat: 'json', logDisableAnsiCodes: true })
  const uses = {
    'api-keys': async () => new ApiKeys({ apiKeys: {}, apiKeysFile: place('api-keys') }, { now: Date.now, log }),
    jwks: () => readJwks(place('jwks')),
    ca: async () => readTlsCredentials({ certFile, keyFile, clientCaFile, clientNames: [] }, 'admin.tls'),
  }
  for (const [name, use] of Object.entries(uses)) {
    chmodSync(place(name), 0o644)
    await t.resolves(use(), `${name}, read by all`)
    chmodSync(place(name), 0o646)
    await t.rejects(use(), { message: /is not used: others than its owner can change it .*chmod go-w/ }, name)
    chmodSync(place(name), 0o644)
    chmodSync(directory, 0o777)
    await t.rejects(use(), { message: /every user can replace what is in the directory/ }, name)
    chmodSync(directory, 0o700)
  }
})
