import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { BinaryWriter } from '../../src/core/codec/binary-writer.ts'
import { writeEvent } from '../../src/core/codec/event-codec.ts'
import type { DeploymentRecord } from '../../src/core/deployment.ts'
import type { Event } from '../../src/core/events.ts'
import type { DeploymentId } from '../../src/core/ids.ts'
import { Store } from '../../src/store/store.ts'
import { Bench, bytes, id, value } from '../core/fixtures.ts'
import { run, steps } from '../core/histories.ts'

function batchOf(events: readonly Event[]): Buffer {
  const writer = new BinaryWriter()
  for (const event of events) writeEvent(writer, event)
  return writer.take()
}

const sorted = (map: ReadonlyMap<string, unknown>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1))

async function open(directory: string, onFolded: (position: number) => void = () => {}): Promise<Store> {
  return Store.open({
    directory,
    checkpointIntervalMs: 5,
    onFolded,
    onFatal: (error) => {
      throw error
    },
  })
}

async function openFor(t: Test, directory = t.testdir()): Promise<Store> {
  const store = await open(directory)
  t.teardown(() => store.close())
  return store
}

t.test('what is folded can be read, whatever the checkpoints cut apart', async (t) => {
  const root = t.testdir()
  let number = 0
  await fc.assert(
    fc.asyncProperty(steps, fc.array(fc.boolean(), { minLength: 1 }), async (list, cuts) => {
      const bench = new Bench()
      run(bench, list)
      const directory = join(root, `${++number}`)
      mkdirSync(directory, { recursive: true })
      const store = await open(directory)
      let position = 0
      for (const [index, turn] of bench.turns.entries()) {
        if (turn.events.length === 0) continue
        const batch = batchOf(turn.events)
        position += batch.length
        store.fold(position, batch)
        if (cuts[index % cuts.length]) await store.checkpoint()
      }
      await store.checkpoint()
      t.equal(store.position, position)
      t.equal(store.nextSeq(), bench.state.nextSeq)
      for (let seq = 1; seq < bench.state.nextSeq; seq += 1) {
        const expected = bench.state.get(seq)
        t.strictSame(store.bySeq(seq), expected === undefined ? undefined : expected, `invocation ${seq}`)
      }
      for (const keyed of bench.state.hotKeyed()) {
        const stored = store.keyed(keyed.service, keyed.key)
        t.same(sorted(stored?.state ?? new Map()), sorted(keyed.state), `state of ${keyed.service}/${keyed.key}`)
        t.same(sorted(stored?.promises ?? new Map()), sorted(keyed.promises), `promises of ${keyed.key}`)
      }
      const mutations = [...bench.state.hotKeyed()].flatMap(({ queue }) =>
        [...queue].flatMap((item) => (item.kind === 'mutation' ? [item.order] : [])),
      )
      t.same(
        [...store.mutations()].map(({ mutation }) => mutation.order),
        mutations.sort((a, b) => a - b),
      )
      t.equal(store.nextOrder(), bench.state.nextOrder)
      const unfinished = [...bench.state.hot()].filter((i) => i.status !== 'completed').map((i) => i.seq)
      t.same(
        [...store.unfinished()].map((i) => i.seq),
        unfinished.sort((a, b) => a - b),
      )
      await store.close()
    }),
    { numRuns: 25 },
  )
})

t.test('keeps across a reopen: position, numbers, deployments', async (t) => {
  const directory = t.testdir()
  const deployment = {
    id: 'dp_x' as DeploymentId,
    uri: 'http://127.0.0.1:1/',
    services: [],
  } as unknown as DeploymentRecord
  const bench = new Bench()
  bench.invoke('a')
  const store = await open(directory)
  const events = [...bench.turns.flatMap((turn) => turn.events), { type: 'deployment-put', deployment } as const]
  store.fold(100, batchOf(events))
  await store.close()
  const again = await openFor(t, directory)
  t.equal(again.position, 100)
  t.equal(again.nextSeq(), 2)
  t.same([...again.deployments()], [deployment])
  t.same(again.byId(id('a')), bench.get('a'))
  again.fold(200, batchOf([{ type: 'deployment-removed', deploymentId: deployment.id }]))
  await again.checkpoint()
  t.same([...again.deployments()], [])
})

t.test('a text is whole, whatever characters it has', async (t) => {
  const bench = new Bench()
  const key = 'a\0b'
  const target = { service: 'W', serviceType: 'Workflow', key, handler: 'run', handlerType: 'Workflow' } as const
  const source = { kind: 'service', caller: id('c'), callerTarget: `S/${key}/h` } as const
  bench.invoke('w', { target, source, idempotencyKey: 'i\0j' })
  bench.append('w', { kind: 'get-promise', completionId: 1, name: 'p\0q' })
  bench.append('w', { kind: 'set-state', key: bytes('s'), value: bytes('1') })
  // Waits for its turn behind an invocation.
  bench.invoke('o', { target: { ...target, service: 'O', serviceType: 'VirtualObject', handlerType: 'Exclusive' } })
  bench.decide({ type: 'mutate-state', now: bench.now, service: 'O', key, version: undefined, state: [] })
  const directory = t.testdir()
  const store = await open(directory)
  const [first, ...turns] = bench.turns
  store.fold(1, batchOf(first?.events ?? []))
  await store.close()
  // The rest is told to a projection that has to read what it wrote before.
  const again = await openFor(t, directory)
  again.fold(2, batchOf(turns.flatMap((turn) => turn.events)))
  await again.checkpoint()
  const [unfinished] = again.unfinished()
  t.strictSame(unfinished, bench.get('w'))
  t.strictSame(again.byId(id('w')), bench.get('w'))
  const keyed = bench.state.keyed('W', key)
  t.same(sorted(again.keyed('W', key)?.state ?? new Map()), sorted(keyed.state))
  t.same([...(again.keyed('W', key)?.promises.keys() ?? [])], ['p\0q'])
  t.equal(again.keyed('W', 'a'), undefined)
  t.strictSame(
    [...again.mutations()].map((queued) => queued.key),
    [key],
  )
})

t.test('finds what is past its retention, by result and by journal', async (t) => {
  const bench = new Bench()
  bench.invoke('kept')
  bench.invoke('a', { completionRetentionMs: 100, journalRetentionMs: 100 })
  bench.invoke('b', { completionRetentionMs: 1000, journalRetentionMs: 50 })
  for (const name of ['kept', 'a', 'b']) {
    bench.output(name, 'r')
    bench.end(name)
  }
  const store = await openFor(t)
  store.fold(1, batchOf(bench.turns.flatMap((turn) => turn.events)))
  await store.checkpoint()
  t.same(store.expired(bench.now + 49, 10), [])
  t.same(store.expired(bench.now + 50, 10), [3])
  t.same(store.expired(bench.now + 100, 10).sort(), [2, 3])
  t.same(store.expired(bench.now + 100, 1).length, 1, 'no more than asked for')
  t.same(store.byId(id('kept'))?.result, value('r'))
})

t.test('an id may be used again after its purge, within one checkpoint and across', async (t) => {
  const bench = new Bench()
  const store = await openFor(t)
  let position = 0
  const fold = () => store.fold(++position, batchOf(bench.turns.splice(0).flatMap((turn) => turn.events)))
  for (let round = 1; round <= 3; round += 1) {
    bench.invoke('a', { completionRetentionMs: 10, journalRetentionMs: 10 })
    bench.output('a', `r${round}`)
    bench.end('a')
    bench.now += 10
    if (round !== 1) {
      fold()
      await store.checkpoint()
      t.same(store.byId(id('a'))?.result, value(`r${round}`))
    }
  }
  t.equal(store.bySeq(1), undefined)
})

t.test('says how far it is', async (t) => {
  const folded: number[] = []
  const store = await open(t.testdir(), (position) => folded.push(position))
  t.teardown(() => store.close())
  const bench = new Bench()
  store.fold(10, batchOf(bench.invoke('a').events))
  t.ok(store.pendingBytes > 0)
  await store.checkpoint()
  t.equal(store.pendingBytes, 0)
  t.same(folded, [10])
  t.equal(await store.sync(), 10)
})

t.test('what is closed is one file', async (t) => {
  const directory = join(t.testdir(), 'store')
  const store = await open(directory)
  const bench = new Bench()
  store.fold(1, batchOf(bench.invoke('a').events))
  t.ok(readdirSync(directory).includes('store.sqlite-wal'))
  await store.close()
  t.strictSame(readdirSync(directory), ['store.sqlite'])
})

t.test('its files are for the owner alone', async (t) => {
  const directory = join(t.testdir(), 'store')
  await openFor(t, directory)
  t.equal(statSync(directory).mode & 0o777, 0o700)
  for (const name of ['store.sqlite', 'store.sqlite-wal']) t.equal(statSync(join(directory, name)).mode & 0o077, 0)
})

t.test('a file that is no database is refused with a clear error', async (t) => {
  const directory = t.testdir()
  writeFileSync(join(directory, 'store.sqlite'), 'this is not a database, and long enough to be looked at'.repeat(100))
  await t.rejects(open(directory), { code: 'PERDURE_ERR_STORE_FAILED', message: /store\.sqlite cannot be opened/ })
})
