import { join } from 'node:path'
import t from 'tap'
import { crashRun } from '../durability/crash-run.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { newKey, writeKeys } from './keys.ts'

t.test('a server that seals and is killed loses nothing that it has acknowledged', { timeout: 120_000 }, async (t) => {
  const keyFile = join(shortDirectory(t), 'keys')
  writeKeys(keyFile, newKey())
  // Small segments, so that it is also killed while it begins one or deletes one.
  const env = { RESTATE_SECRETS__KEY_FILE: keyFile, RESTATE_LOG__SEGMENT_SIZE: '16 KiB' }
  await crashRun(t, { invocations: 60, kills: 4, env })
})
