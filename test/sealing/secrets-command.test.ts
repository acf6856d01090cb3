import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type SecretsSurroundings, secretsCommand, secretsUsage } from '../../src/commands/secrets.ts'
import { openSegmentLog } from '../../src/log/segment-log.ts'
import { readKeyFile } from '../../src/sealing/key-file.ts'
import { startServerProcess } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { newKey, ringOf, writeKeys } from './keys.ts'

async function secrets(argv: readonly string[], env: SecretsSurroundings['env'] = {}): Promise<string> {
  let written = ''
  const write = (text: string) => {
    written += text
  }
  await secretsCommand(argv, { env, cwd: '/', write })
  return written
}

t.test('makes keys, on the screen or in a file', async (t) => {
  const file = join(shortDirectory(t), 'keys')
  const line = await secrets(['generate-key'])
  writeFileSync(file, line, { mode: 0o600 })
  t.equal(readKeyFile(file).ids.length, 1)
  t.equal(await secrets(['generate-key', `${file}-2`]), '', 'what is in a file is not shown')
  t.not(readFileSync(`${file}-2`, 'utf8'), line)
})

t.test('says how it is used', async (t) => {
  t.equal(await secrets(['--help']), secretsUsage)
  for (const argv of [[], ['rotate'], ['status', 'x'], ['generate-key', 'a', 'b'], ['status', '--what']]) {
    await t.rejects(secrets(argv), { code: 'PERDURE_ERR_CONFIG_COMMAND_LINE' }, argv.join(' '))
  }
  await t.rejects(secrets(['status']), { code: 'PERDURE_ERR_SEALING_KEY_FILE_INVALID', message: /is not set/ })
})

t.test('says which keys are needed; reseals a store whose server is stopped', async (t) => {
  const directory = shortDirectory(t)
  const keyFile = join(directory, 'keys')
  const [first, second] = [newKey(), newKey()]
  const idOf = (key: Buffer) => ringOf(key).current.id
  const env = { RESTATE_BASE_DIR: directory, RESTATE_NODE_NAME: 'test', RESTATE_SECRETS__KEY_FILE: keyFile }
  writeKeys(keyFile, first)
  t.equal(await secrets(['status'], env), `key ${idOf(first)}: current, log segments 0, data keys of the store 0\n`)
  t.notOk(existsSync(join(directory, 'test')), 'asking makes nothing')

  const server = await startServerProcess(directory, env)
  t.teardown(() => server.kill())
  const registered = await fetch(`${server.admin}/deployments`)
  t.equal(registered.status, 200)
  t.match(await secrets(['status'], env), /current, log segments 1, /, 'beside the server')
  await t.rejects(secrets(['reseal'], env), { code: 'PERDURE_ERR_LOG_IN_USE' })
  await server.stop()

  writeKeys(keyFile, second)
  t.match(await secrets(['status'], env), new RegExp(`key ${idOf(first)}: needed and not in the file, log segments 1`))
  writeKeys(keyFile, second, first)
  t.match(await secrets(['status'], env), new RegExp(`key ${idOf(first)}: still needed, log segments 1`))
  t.match(await secrets(['reseal'], env), new RegExp(`sealed anew under the key ${idOf(second)}`))
  t.match(
    await secrets(['status'], env),
    new RegExp(`key ${idOf(second)}: current, log segments 0, data keys of the store 1`),
  )
  await using log = await openSegmentLog({
    directory: join(directory, 'test', 'log'),
    segmentSizeBytes: 1 << 20,
    onFatal: () => {},
    keys: readKeyFile(keyFile),
  })
  t.equal(log.recoveredBytesCut, 0)
})
