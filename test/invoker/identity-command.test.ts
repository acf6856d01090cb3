import { execFile } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { identityCommand } from '../../src/commands/identity.ts'
import { ConfigCommandLine } from '../../src/errors/config.ts'
import { shortDirectory } from '../harness/short-directory.ts'

const main = join(import.meta.dirname, '../../src/main.ts')

function identity(argv: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): string {
  let written = ''
  identityCommand(argv, {
    env,
    cwd,
    write: (text) => {
      written += text
    },
  })
  return written
}

t.test('a key is made for its owner alone, shown, and never overwritten', async (t) => {
  const cwd = shortDirectory(t)
  const file = join(cwd, 'identity.pem')
  const publicKey = identity(['generate', 'identity.pem'], cwd)
  t.match(publicKey, /^publickeyv1_[1-9A-HJ-NP-Za-km-z]{40,44}\n$/)
  t.equal(statSync(file).mode & 0o777, 0o600)
  const pem = readFileSync(file, 'utf8')
  t.match(pem, /^-----BEGIN PRIVATE KEY-----\n/)
  t.equal(identity(['show', file], '/'), publicKey)
  t.throws(() => identity(['generate', file], cwd), { message: /a file already, and it is not overwritten/ })
  t.throws(() => identity(['generate', join(cwd, 'no/such/directory')], cwd), { message: /ENOENT/ })
  t.equal(readFileSync(file, 'utf8'), pem)

  const { stdout } = await promisify(execFile)(process.execPath, [main, 'identity', 'show', file])
  t.equal(stdout, publicKey)
  const again = promisify(execFile)(process.execPath, [main, 'identity', 'generate', file])
  await t.rejects(again, { code: 1, stdout: '', stderr: /not overwritten/ })
})

t.test('the configured keys', async (t) => {
  const cwd = shortDirectory(t)
  const current = identity(['generate', 'a.pem'], cwd)
  writeFileSync(
    join(cwd, 'restate.toml'),
    `[worker.invoker]
request-identity-private-key-pem-file = "a.pem"
request-identity-next-private-key-pem-file = "b.pem"
`,
  )
  t.equal(identity(['show', '-c', 'restate.toml'], cwd), `signs  ${current}`)
  const next = identity(['generate', 'b.pem'], cwd)
  t.equal(identity(['show'], cwd, { RESTATE_CONFIG: 'restate.toml' }), `signs  ${current}next   ${next}`)
  t.throws(() => identity(['show'], cwd), { message: /no key is configured/ })
})

t.test('arguments that cannot be understood', async (t) => {
  const cwd = shortDirectory(t)
  for (const argv of [
    [],
    ['generate'],
    ['generate', 'a', 'b'],
    ['list'],
    ['show', 'a', 'b'],
    ['--x'],
    ['generate', 'a', '-c', 'b'],
  ]) {
    t.throws(() => identity(argv, cwd), ConfigCommandLine, argv.join(' '))
  }
  t.match(identity(['--help'], cwd), /^Usage: perdure identity/)
})
