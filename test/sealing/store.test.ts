import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { BinaryWriter } from '../../src/core/codec/binary-writer.ts'
import { writeEvent } from '../../src/core/codec/event-codec.ts'
import type { DeploymentRecord } from '../../src/core/deployment.ts'
import type { Event } from '../../src/core/events.ts'
import type { DeploymentId } from '../../src/core/ids.ts'
import type { KeyRing } from '../../src/sealing/key-ring.ts'
import { resealAll } from '../../src/store/open-sealed.ts'
import { Store } from '../../src/store/store.ts'
import { Bench, id } from '../core/fixtures.ts'
import { run, steps } from '../core/histories.ts'
import { foundIn, newKey, ringOf } from './keys.ts'

function batchOf(events: readonly Event[]): Buffer {
  const writer = new BinaryWriter()
  for (const event of events) writeEvent(writer, event)
  return writer.take()
}

function open(directory: string, keys: KeyRing | undefined): Promise<Store> {
  const onFatal = (error: Error) => {
    throw error
  }
  return Store.open({ directory, checkpointIntervalMs: 5, onFolded: () => {}, onFatal, keys })
}

const sorted = (map: ReadonlyMap<string, unknown>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1))

/** Everything of a bench that its store must know, compared. */
function compare(t: Test, store: Store, bench: Bench): void {
  t.equal(store.nextSeq(), bench.state.nextSeq)
  for (let seq = 1; seq < bench.state.nextSeq; seq += 1) t.strictSame(store.bySeq(seq), bench.state.get(seq))
  for (const keyed of bench.state.hotKeyed()) {
    const stored = store.keyed(keyed.service, keyed.key)
    t.same(sorted(stored?.state ?? new Map()), sorted(keyed.state))
    t.same(sorted(stored?.promises ?? new Map()), sorted(keyed.promises))
  }
  const unfinished = [...bench.state.hot()].filter(({ status }) => status !== 'completed').map(({ seq }) => seq)
  t.same(
    [...store.unfinished()].map(({ seq, journal }) => [seq, journal.length]),
    unfinished.sort((a, b) => a - b).map((seq) => [seq, bench.state.get(seq)?.journal.length]),
  )
}

t.test('random histories, while the store goes from clear to sealed and from key to key', async (t) => {
  const root = t.testdir()
  let number = 0
  await fc.assert(
    fc.asyncProperty(steps, fc.array(fc.nat(3), { minLength: 1 }), async (list, choices) => {
      const bench = new Bench()
      run(bench, list)
      const directory = join(root, `${++number}`)
      mkdirSync(directory)
      const used = [newKey()]
      const startsClear = (choices[0] ?? 0) % 2 === 0
      let store = await open(directory, startsClear ? undefined : ringOf(...used))
      let position = 0
      for (const [index, turn] of bench.turns.entries()) {
        if (turn.events.length === 0) continue
        position += 1
        store.fold(position, batchOf(turn.events))
        const choice = choices[index % choices.length]
        if (choice === 1) await store.checkpoint()
        if (choice !== 2 || used.length > 4) continue
        await store.close()
        used.unshift(newKey())
        // The last key and the one before are enough: opening wraps all data keys anew.
        store = await open(directory, ringOf(...used.slice(0, 2)))
      }
      await store.close()
      used.unshift(newKey())
      store = await open(directory, ringOf(...used.slice(0, 2)))
      t.equal(store.position, position)
      compare(t, store, bench)
      await store.close()
    }),
    { numRuns: 12 },
  )
})

/** A store with one secret in each sealed column. */
const needle = 'needle-in-the-store-9f2c'

async function filled(directory: string, keys: KeyRing | undefined): Promise<Bench> {
  const bench = new Bench()
  const secret = (what: string) => `${what} ${needle}`
  bench.invoke('done', { body: Buffer.from(secret('input')) })
  bench.output('done', secret('output'))
  bench.end('done')
  bench.invoke('open', { body: Buffer.from(secret('another input')) })
  const deployment = {
    id: 'dp_x' as DeploymentId,
    uri: 'http://127.0.0.1:1/',
    additionalHeaders: [['x-note', secret('header')]],
    services: [],
  } as unknown as DeploymentRecord
  const store = await open(directory, keys)
  store.fold(1, batchOf([...bench.turns.flatMap(({ events }) => events), { type: 'deployment-put', deployment }]))
  await store.close()
  return bench
}

t.test('sealing a store leaves nothing in clear behind, and the reseal makes old data keys useless', async (t) => {
  const directory = t.testdir()
  const bench = await filled(directory, undefined)
  t.same(foundIn(directory, [needle]), [needle], 'in clear, the search finds it')
  const [first, second] = [newKey(), newKey()]
  const sealed = await open(directory, ringOf(first))
  t.same(foundIn(directory, [needle]), [])
  t.equal(sealed.position, 1)
  t.same(sealed.byId(id('done'))?.result, bench.get('done').result)
  t.match(
    [...sealed.deployments()].map(({ additionalHeaders }) => additionalHeaders),
    [[['x-note', new RegExp(needle)]]],
  )
  await sealed.close()

  const keyNumbers = () => {
    const database = new DatabaseSync(join(directory, 'store.sqlite'))
    const rows = database.prepare('SELECT number, key_id FROM data_key').all()
    database.close()
    return rows.map((row) => [row.number, row.key_id])
  }
  t.same(keyNumbers(), [[1, ringOf(first).current.id]])
  await (await open(directory, ringOf(second, first))).close()
  t.same(keyNumbers(), [[1, ringOf(second).current.id]], 'opening wraps the data key anew')
  const database = new DatabaseSync(join(directory, 'store.sqlite'))
  resealAll(database, ringOf(second))
  database.close()
  t.same(keyNumbers(), [[2, ringOf(second).current.id]])
  const again = await open(directory, ringOf(second))
  t.teardown(() => again.close())
  t.same(again.byId(id('done'))?.result, bench.get('done').result)
  t.same(
    [...again.unfinished()].map(({ seq, journal }) => [seq, journal]),
    [[2, bench.get('open').journal]],
  )
})

t.test('without the key, or with another one, the store is refused and stays as it is', async (t) => {
  const directory = t.testdir()
  const key = newKey()
  await filled(directory, ringOf(key))
  const content = () => {
    const database = new DatabaseSync(join(directory, 'store.sqlite'))
    const tables = ['meta', 'data_key', 'invocation', 'journal', 'deployment']
    const rows = tables.map((table) => database.prepare(`SELECT * FROM ${table}`).all())
    database.close()
    return rows
  }
  const before = content()
  for (const keys of [undefined, ringOf(newKey())]) {
    await t.rejects(open(directory, keys), {
      code: 'PERDURE_ERR_SEALING_KEY_MISSING',
      message: new RegExp(ringOf(key).current.id),
    })
    t.same(content(), before)
  }
  const store = await open(directory, ringOf(newKey(), key))
  t.teardown(() => store.close())
  t.equal(store.byId(id('done'))?.status, 'completed')
})

t.test('what was changed, or moved to another row, does not open', async (t) => {
  const directory = t.testdir()
  const keys = ringOf(newKey())
  await filled(directory, keys)
  const tampered = { code: 'PERDURE_ERR_SEALING_TAMPERED', message: /Restore the whole data directory/ }
  const changes: readonly (readonly [sql: string, read: (store: Store) => unknown])[] = [
    [
      `UPDATE invocation SET result = CAST(x'02' || substr(result, 2) AS BLOB) WHERE seq = 1`,
      (store) => store.bySeq(1),
    ],
    [
      `UPDATE invocation SET result = 'a text that is long enough to be anything at all' WHERE seq = 1`,
      (store) => store.bySeq(1),
    ],
    [
      `UPDATE journal SET entries = (SELECT entries FROM journal WHERE seq = 1) WHERE seq = 2`,
      (store) => store.bySeq(2),
    ],
    [`UPDATE journal SET entries = substr(entries, 1, 20) WHERE seq = 2`, (store) => [...store.unfinished()]],
    [`UPDATE deployment SET record = zeroblob(100)`, (store) => [...store.deployments()]],
  ]
  for (const [sql, read] of changes) {
    const database = new DatabaseSync(join(directory, 'store.sqlite'))
    database.exec(sql)
    database.close()
    const store = await open(directory, keys)
    t.throws(() => read(store), tampered, sql)
    await store.close()
  }
})
