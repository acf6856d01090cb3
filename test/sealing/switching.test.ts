import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { newKey, ringOf, writeKeys } from './keys.ts'
import { fill, kinds, Rig, seesAll } from './rig.ts'

t.test('without a key the same search finds all of it; switched on, all of that goes', async (t) => {
  const rig = new Rig(t)
  await rig.start()
  await fill(t, rig)
  t.same(rig.found(), kinds)
  await seesAll(t, rig, 'in clear')
  await rig.server?.stop()

  const [first, second] = [newKey(), newKey()]
  writeKeys(rig.keyFile, first)
  t.match(await rig.status(), /^key .*: current, log segments 0, .*\nin clear: log segments [1-9]/)
  await rig.start(first)
  await seesAll(t, rig, 'sealed')
  for (let tries = 0; rig.found().length > 0 && tries < 1500; tries += 1) await sleep(20)
  t.same(rig.found(), [], 'log and store')
  await rig.server?.stop()

  await rig.start(second, first)
  await rig.call('/Vault/a/read')
  let status = await rig.status()
  for (let tries = 0; /still needed/.test(status) && tries < 1500; tries += 1) {
    await sleep(20)
    status = await rig.status()
  }
  t.match(
    status,
    new RegExp(`key ${ringOf(second).current.id}: current, log segments [1-9].*data keys of the store [1-9]`),
  )
  t.match(status, new RegExp(`key ${ringOf(first).current.id}: not needed any more`))
  await rig.server?.kill()
  await rig.start(second)
  await seesAll(t, rig, 'with the second key alone')
})

t.test('without the key the server does not start, and nothing is lost', async (t) => {
  const rig = new Rig(t)
  const key = newKey()
  await rig.start(key)
  await fill(t, rig)
  await rig.server?.kill()
  const { id } = ringOf(key).current
  const refused = new RegExp(`sealed under the key with id ${id}, but[\\s\\S]*PERDURE_ERR_SEALING_KEY_MISSING`)
  await t.rejects(rig.start(), { message: refused }, 'switched off')
  await t.rejects(rig.start(newKey()), { message: refused }, 'another key')
  await rig.start(newKey(), key)
  await seesAll(t, rig, 'with the key')
})

t.test('a second server with a key does not touch what the first one holds in clear', async (t) => {
  const rig = new Rig(t)
  const first = await rig.start()
  await fill(t, rig)
  await t.rejects(rig.start(newKey()), { message: /PERDURE_ERR_LOG_IN_USE/ })
  t.equal(rig.server, first)
  t.same(rig.found(), kinds)
  await seesAll(t, rig, 'still in clear')
})
