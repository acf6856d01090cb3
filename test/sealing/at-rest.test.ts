import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { newKey } from './keys.ts'
import { arrive, fill, Rig, seesAll } from './rig.ts'

t.test('nothing that was said is in the data directory in clear, and all of it is there', async (t) => {
  const rig = new Rig(t)
  const key = newKey()
  await rig.start(key)
  await fill(t, rig)
  t.same(rig.found(), [], 'while the server runs')
  await seesAll(t, rig, 'before the restart')
  noKeyInProcesses(t, rig.server?.pid ?? 0, key)
  t.same(rig.found(), [], 'after queries')
  await rig.server?.stop()
  t.same(rig.found(), [], 'when it has stopped')

  await rig.start(key)
  await seesAll(t, rig, 'after the restart')
  t.match(await rig.call('/Vault/a/read'), { json: `state-${rig.needle}` })
  await arrive(rig, 'c')
  for (let item: unknown; item !== `mutation-${rig.needle}`; ) {
    const { rows } = JSON.parse(
      await rig.query(`SELECT value_utf8 AS item FROM state WHERE service_key = 'c' AND key = 'item'`),
    )
    item = rows[0]?.item
    await sleep(20)
  }
  t.same(rig.found(), [])
  const deployments = await (await fetch(`${rig.server?.admin}/deployments`)).text()
  t.match(deployments, /x-api-key/)
  t.notOk(deployments.includes(rig.needle), 'masked on read')
})

/** What other processes can see of the server and of those that it has started. */
function noKeyInProcesses(t: Test, pid: number, key: Buffer): void {
  if (process.platform !== 'linux') return
  const started = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  t.ok(started.length > 0 && started[0] !== '', 'a process for queries')
  for (const id of [String(pid), ...started]) {
    const shown = ['environ', 'cmdline'].map((name) => readFileSync(`/proc/${id}/${name}`, 'utf8')).join('\n')
    t.match(shown, /node/)
    for (const encoding of ['hex', 'base64', 'latin1'] as const)
      t.notOk(shown.includes(key.toString(encoding)), encoding)
    t.notOk(shown.includes([...key].join(',')))
  }
}

t.test('every file is for the owner alone, whatever the mask of the process', async (t) => {
  const mask = process.umask(0)
  t.teardown(() => process.umask(mask))
  const rig = new Rig(t)
  await rig.start(newKey())
  await fill(t, rig)
  const paths = readdirSync(rig.directory, { withFileTypes: true, recursive: true })
  t.ok(paths.some(({ name }) => name === 'store.sqlite-wal'))
  for (const { parentPath, name } of paths) {
    const path = join(parentPath, name)
    const stats = statSync(path)
    t.equal(stats.mode & 0o777, stats.isDirectory() ? 0o700 : 0o600, path)
  }
})
