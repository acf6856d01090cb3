import fs, { chmodSync, fstatSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import { createKeyFile, generateKeyLine, readKeyFile } from '../../src/sealing/key-file.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { newKey, ringOf } from './keys.ts'

const invalid = (message: RegExp) => ({ code: 'PERDURE_ERR_SEALING_KEY_FILE_INVALID', message })

t.test('keys in base64, base64url and hexadecimal, the first one current', async (t) => {
  const path = join(shortDirectory(t), 'keys')
  const [a, b, c] = [newKey(), newKey(), newKey()]
  const text = `# current\n${a.toString('base64')}\n\n  ${b.toString('base64url')}\r\n${c.toString('hex').toUpperCase()}`
  writeFileSync(path, text, { mode: 0o600 })
  const ring = readKeyFile(path)
  t.same(ring.ids, ringOf(a, b, c).ids)
  t.equal(ring.current.id, ringOf(a).current.id)
  t.ok(ring.bytes.every((bytes, index) => [a, b, c][index]?.equals(bytes)))
  t.ok(
    ring.bytes.every((bytes) => bytes.buffer.byteLength === 32),
    'no other memory goes along',
  )
  t.match(ring.current.id, /^[0-9a-f]{16}$/)
})

t.test('what is no list of keys is refused, and never shown', async (t) => {
  const path = join(shortDirectory(t), 'keys')
  const key = newKey().toString('base64')
  const cases: readonly (readonly [text: string, problem: RegExp])[] = [
    ['', /holds no key/],
    ['# nothing\n', /holds no key/],
    [`${key}\nhunter2\n`, /has no key in line 2/],
    [key.slice(4), /has no key in line 1/],
    [`${key}AAAA`, /has no key in line 1/],
    [`${key}\n${key}\n`, /has the key of line 2 twice/],
    ['#'.repeat(70_000), /has 70000 bytes/],
  ]
  for (const [text, problem] of cases) {
    writeFileSync(path, text, { mode: 0o600 })
    t.throws(() => readKeyFile(path), invalid(problem))
    try {
      readKeyFile(path)
    } catch (error) {
      t.notMatch(String(error), /hunter2/)
      t.notOk(String(error).includes(key.slice(4, 20)))
    }
  }
  t.throws(() => readKeyFile(join(path, 'x')), invalid(/cannot be read \(ENOTDIR\)/))
  t.throws(() => readKeyFile(`${path}-none`), invalid(/cannot be read \(ENOENT\).*generate-key/))
})

t.test('a file that others can read or change is refused', async (t) => {
  const path = join(shortDirectory(t), 'keys')
  writeFileSync(path, generateKeyLine())
  for (const [mode, isFine] of [
    [0o600, true],
    [0o400, true],
    [0o440, false],
    [0o644, false],
    [0o660, false],
    [0o604, false],
  ] as const) {
    chmodSync(path, mode)
    if (isFine) t.doesNotThrow(() => readKeyFile(path), `mode ${mode.toString(8)}`)
    else t.throws(() => readKeyFile(path), invalid(/Run: chmod 600 /), `mode ${mode.toString(8)}`)
  }
})

t.test('a new key has a file of its own, for the owner alone', async (t) => {
  const path = join(shortDirectory(t), 'keys')
  const mask = process.umask(0)
  t.teardown(() => process.umask(mask))
  createKeyFile(path)
  t.equal(statSync(path).mode & 0o777, 0o600)
  const before = readFileSync(path, 'utf8')
  t.equal(readKeyFile(path).ids.length, 1)
  t.throws(() => createKeyFile(path), invalid(/exists already/))
  t.equal(readFileSync(path, 'utf8'), before)
  t.not(generateKeyLine(), generateKeyLine())
})

t.test('a new key is on disk for good before it is used', async (t) => {
  const directory = shortDirectory(t)
  const path = join(directory, 'keys')
  const { fsyncSync } = fs
  const synced: number[] = []
  fs.fsyncSync = (descriptor) => {
    synced.push(fstatSync(descriptor).ino)
    fsyncSync(descriptor)
  }
  syncBuiltinESMExports()
  t.teardown(() => {
    fs.fsyncSync = fsyncSync
    syncBuiltinESMExports()
  })
  createKeyFile(path)
  const both = [statSync(path).ino, ...(process.platform === 'win32' ? [] : [statSync(directory).ino])]
  t.same(synced.splice(0), both)
  t.equal(readKeyFile(path).ids.length, 1)
  t.same(synced, both, 'an editor may have written it')
})
