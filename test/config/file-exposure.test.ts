import {
  chmodSync,
  chownSync,
  closeSync,
  lchownSync,
  mkdirSync,
  openSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { changeabilityOf, exposureOf } from '../../src/config/file-exposure.ts'
import { outsideUserOf } from '../../src/config/file-owner.ts'
import { pathExposureOf } from '../../src/config/path-exposure.ts'
import { shortDirectory } from '../harness/short-directory.ts'

const isRoot = process.geteuid?.() === 0
const stranger = 4242

/** A file for its owner alone, two directories deep. */
function secret(t: Test) {
  const top = shortDirectory(t)
  const directory = join(top, 'keys')
  mkdirSync(directory, { mode: 0o700 })
  const file = join(directory, 'key')
  writeFileSync(file, 'secret', { mode: 0o600 })
  const exposure = () => exposureOf(file, statSync(file))
  return { top, directory, file, exposure }
}

t.test('a file of another user is refused, by root as by everybody', async (t) => {
  const { file, exposure } = secret(t)
  t.equal(exposure(), undefined)
  const stats = { ...statSync(file), uid: stranger }
  for (const found of [exposureOf(file, stats), changeabilityOf(file, stats)]) {
    t.match(found, /belongs to another user \(uid 4242\).*chown it/)
  }
})

t.test('a directory in which others can put another file', async (t) => {
  const { top, directory, exposure, file } = secret(t)
  for (const each of [directory, top]) {
    for (const [mode, isFine] of [
      [0o700, true],
      [0o755, true],
      [0o770, true],
      [0o1777, true],
      [0o777, false],
      [0o702, false],
    ] as const) {
      chmodSync(each, mode)
      const found = exposure()
      if (isFine) t.equal(found, undefined, `${each} ${mode.toString(8)}`)
      else t.match(found, new RegExp(`every user can replace what is in the directory ${each} .*chmod o-w ${each}`))
      t.equal(changeabilityOf(file, statSync(file)), found)
    }
    chmodSync(each, 0o700)
  }
})

t.test('directories and links of other users, and a group that is not ours', async (t) => {
  // Nobody else can give things away.
  if (!isRoot) return
  const { top, directory, exposure, file } = secret(t)
  chownSync(directory, 0, stranger)
  t.equal(exposure(), undefined, 'it may not write')
  chmodSync(directory, 0o770)
  t.match(exposure(), /the group 4242 can replace what is in the directory/)
  chownSync(directory, stranger, 0)
  t.match(exposure(), /the directory \S+ belongs to another user \(uid 4242\)/)
  chmodSync(directory, 0o1777)
  t.match(exposure(), /belongs to another user/, 'owners may rename whatever the sticky bit says')
  chownSync(directory, 0, 0)

  const link = join(top, 'link')
  symlinkSync(file, link)
  t.equal(pathExposureOf(link), undefined)
  lchownSync(link, stranger, stranger)
  t.match(pathExposureOf(link), /the link \S+ belongs to another user/)
})

t.test('links are followed one by one', async (t) => {
  const { top, file } = secret(t)
  const open = join(top, 'open')
  mkdirSync(open)
  // A link in between, in a directory that neither the path nor its end shows.
  symlinkSync(file, join(open, 'middle'))
  symlinkSync('open/../open/./middle', join(top, 'first'))
  t.equal(pathExposureOf(join(top, 'first')), undefined)
  chmodSync(open, 0o777)
  t.match(pathExposureOf(join(top, 'first')), new RegExp(`the directory ${open} `))
  symlinkSync('loop', join(top, 'loop'))
  t.match(pathExposureOf(join(top, 'loop')), /more than 40 symbolic links/)
  t.throws(() => pathExposureOf(join(top, 'none')), { code: 'ENOENT' })
})

t.test('what says whom to trust may be read by all, and changed by nobody else', async (t) => {
  const { file } = secret(t)
  for (const [mode, isFine] of [
    [0o644, true],
    [0o664, true],
    [0o646, false],
    [0o666, false],
  ] as const) {
    chmodSync(file, mode)
    const found = changeabilityOf(file, statSync(file))
    if (isFine) t.equal(found, undefined, mode.toString(8))
    else t.match(found, /others than its owner can change it .*chmod go-w/)
  }
})

t.test('whom a user namespace shows for all owners outside of it', async (t) => {
  const { directory } = secret(t)
  const [map, overflow] = [join(directory, 'map'), join(directory, 'overflow')]
  writeFileSync(overflow, '65534\n')
  for (const [text, expected] of [
    ['         0          0 4294967295\n', undefined],
    ['         0       1000          1\n', 65534],
    ['         0       1000          1\n         1     100000      65536\n', 65534],
    ['', 65534],
  ] as const) {
    writeFileSync(map, text)
    t.equal(outsideUserOf(map, overflow), expected, text)
  }
  t.equal(outsideUserOf(join(directory, 'none'), overflow), undefined, 'where there are no namespaces')
})

t.test('a file that came open', async (t) => {
  if (process.platform !== 'linux') return
  const { directory, file } = secret(t)
  chmodSync(directory, 0o777)
  const descriptor = openSync(file, 'r')
  t.equal(pathExposureOf(`/dev/fd/${descriptor}`), undefined)
  closeSync(descriptor)
})
