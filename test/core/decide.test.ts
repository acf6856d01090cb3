import t from 'tap'
import { EntryType } from '../../src/core/entry-type.ts'
import { Bench, bytes, deployment, effectTypes, eventTypes, id, request, value } from './fixtures.ts'

t.test('a call is created once and starts at once', async (t) => {
  const bench = new Bench()
  const turn = bench.invoke('a')
  t.same(eventTypes(turn), ['invocation-created'])
  t.match(turn.effects, [{ type: 'start-attempt', journalLength: 1, first: true }])
  t.same(eventTypes(bench.invoke('a', { body: bytes('other') })), [], 'the second request changes nothing')
  t.match(bench.get('a').journal, [{ kind: 'input', body: bytes('"in"') }])
})

t.test('a delayed one waits for its time, and a delay that is over does not', async (t) => {
  const bench = new Bench()
  const turn = bench.invoke('later', { executionTime: bench.now + 500 })
  t.equal(bench.get('later').status, 'scheduled')
  t.match(turn.effects, [{ type: 'arm-timer', timer: { kind: 'start', at: bench.now + 500 } }])
  bench.now += 500
  const fire = { type: 'fire-timer', now: bench.now, timer: { kind: 'start', seq: 1, at: bench.now } } as const
  t.match(bench.decide(fire).effects, [{ type: 'start-attempt', first: true }])
  t.same(bench.decide(fire).effects, [], 'a second firing does nothing')
  t.match(bench.invoke('past', { executionTime: bench.now }).effects, [{ type: 'start-attempt' }])
})

t.test('output is published by End, the last one counts', async (t) => {
  const bench = new Bench()
  bench.invoke('a')
  bench.output('a', '1')
  t.equal(bench.get('a').result, undefined)
  bench.output('a', '2')
  const turn = bench.end('a')
  t.same(effectTypes(turn), ['answer-waiting'])
  t.same(bench.get('a').result, value('2'))
  t.equal(bench.get('a').status, 'completed')
  t.same(bench.get('a').pinned, deployment)
})

t.test('the first stored entry pins, in the same step', async (t) => {
  const bench = new Bench()
  bench.invoke('a')
  t.same(eventTypes(bench.append('a', { kind: 'run', completionId: 1, name: '' })), [
    'deployment-pinned',
    'entry-appended',
  ])
  t.same(eventTypes(bench.append('a', { kind: 'run', completionId: 2, name: '' })), ['entry-appended'])
})

t.test('a run result is stored once', async (t) => {
  const bench = new Bench()
  bench.invoke('a')
  bench.append('a', { kind: 'run', completionId: 1, name: '' })
  t.match(bench.proposeRun('a', 1, value('x')).effects, [{ type: 'notify', index: 2 }])
  t.same(eventTypes(bench.proposeRun('a', 1, value('y'))), [], 'a second proposal is ignored')
  t.match(bench.get('a').journal[2], { type: EntryType.RunCompletion, result: value('x') })
})

t.test('a call: command, id and result in this order; the callee is created in the same step', async (t) => {
  const bench = new Bench()
  bench.invoke('parent')
  const turn = bench.call('parent', request('child'), [1, 2])
  t.same(eventTypes(turn), [
    'deployment-pinned',
    'entry-appended',
    'entry-appended',
    'call-started',
    'invocation-created',
    'sink-added',
  ])
  bench.output('child', 'r')
  bench.end('child')
  t.match(
    bench.get('parent').journal.map((entry) => entry.kind === 'input' || entry.type),
    [true, EntryType.Call, EntryType.CallInvocationIdCompletion, EntryType.CallCompletion],
  )
  t.match(bench.get('parent').journal[3], { key: { id: 2 }, result: value('r') })
})

t.test('a call of something that is completed is answered at once; its failure arrives unchanged', async (t) => {
  const bench = new Bench()
  bench.invoke('child')
  bench.fail('child', { kind: 'kill' })
  bench.invoke('parent')
  bench.call('parent', request('child'), [1, 2])
  t.match(bench.get('parent').journal[3], {
    type: EntryType.CallCompletion,
    result: { kind: 'failure', failure: { code: 500, message: 'boom' } },
  })
})

t.test('a one-way call leaves no sink', async (t) => {
  const bench = new Bench()
  bench.invoke('parent')
  bench.append('parent', { kind: 'one-way-call', invocationIdCompletionId: 1, callee: request('child') })
  bench.output('child', 'r')
  bench.end('child')
  t.equal(bench.get('parent').journal.length, 3)
})

t.test('suspension', async (t) => {
  t.test('waits, and the awaited result wakes it', async (t) => {
    const bench = new Bench()
    bench.invoke('a')
    bench.append('a', { kind: 'sleep', completionId: 1, wakeUpAt: bench.now + 10 })
    bench.append('a', { kind: 'sleep', completionId: 2, wakeUpAt: bench.now + 20 })
    bench.suspend('a', [2])
    t.equal(bench.get('a').status, 'suspended')
    const fire = (completionId: number) =>
      bench.decide({ type: 'fire-timer', now: bench.now, timer: { kind: 'sleep', seq: 1, at: 0, completionId } })
    t.same(effectTypes(fire(1)), [], 'what is not awaited is kept and does not wake')
    t.match(fire(2).effects, [{ type: 'start-attempt', journalLength: 5, first: false }])
    t.equal(bench.get('a').status, 'invoked')
    t.same(eventTypes(fire(2)), [], 'a timer that fired is gone')
  })

  t.test('what arrived before is found: no wake-up is lost', async (t) => {
    const bench = new Bench()
    bench.invoke('a')
    bench.append('a', { kind: 'run', completionId: 1, name: '' })
    bench.proposeRun('a', 1, value('x'))
    const turn = bench.suspend('a', [1])
    t.same(eventTypes(turn), [])
    t.match(turn.effects, [{ type: 'start-attempt', journalLength: 3, first: false }])
  })

  t.test('ends a run of retries', async (t) => {
    const bench = new Bench()
    bench.invoke('a')
    bench.fail('a', { kind: 'retry', at: bench.now + 100 })
    bench.suspend('a', [9])
    t.equal(bench.get('a').retry, undefined)
  })
})

t.test('retries', async (t) => {
  const bench = new Bench()
  bench.invoke('a')
  const turn = bench.fail('a', { kind: 'retry', at: bench.now + 100 })
  t.match(turn.effects, [{ type: 'arm-timer', timer: { kind: 'retry', at: bench.now + 100 } }])
  t.match(bench.get('a').retry, { countedFailures: 1, failuresSinceLastEntry: 1 })
  bench.fail('a', { kind: 'retry', at: bench.now + 200 })
  const retry = (at: number) =>
    bench.decide({ type: 'fire-timer', now: bench.now, timer: { kind: 'retry', seq: 1, at } })
  t.same(retry(bench.now + 100).effects, [], 'an outdated retry timer does nothing')
  t.match(retry(bench.now + 200).effects, [{ type: 'start-attempt' }])
  bench.append('a', { kind: 'run', completionId: 1, name: '' })
  t.match(
    bench.get('a').retry,
    { countedFailures: 2, failuresSinceLastEntry: 0 },
    'progress resets what the SDK counts',
  )
  bench.fail('a', { kind: 'pause' })
  t.equal(bench.get('a').status, 'paused')
})

t.test('expiry is exact', async (t) => {
  const bench = new Bench()
  bench.invoke('a')
  bench.output('a', 'r')
  bench.end('a')
  bench.now += 999
  t.same(eventTypes(bench.invoke('a')), [], 'within its retention it answers')
  bench.now += 1
  t.same(eventTypes(bench.invoke('a')), ['invocation-purged', 'invocation-created'], 'at its end it runs again')
})

t.test('the sweep removes what is over: first journals, then results', async (t) => {
  const bench = new Bench()
  bench.invoke('a', { journalRetentionMs: 100 })
  bench.output('a', 'r')
  bench.end('a')
  const sweep = () => eventTypes(bench.decide({ type: 'expire', now: bench.now, seqs: [1] }))
  t.same(sweep(), [])
  bench.now += 100
  t.same(sweep(), ['journal-dropped'])
  t.same(sweep(), [], 'a journal is dropped once')
  bench.now += 900
  t.same(sweep(), ['invocation-purged'])
  t.equal(bench.state.findHot(id('a')), undefined)
})

t.test('retention 0 keeps nothing', async (t) => {
  const bench = new Bench()
  bench.invoke('a', { completionRetentionMs: 0, journalRetentionMs: 0 })
  bench.output('a', 'r')
  const turn = bench.end('a')
  t.same(eventTypes(turn), ['invocation-completed', 'invocation-purged'])
  t.match(turn.effects, [{ type: 'answer-waiting', invocation: { result: value('r') } }], 'those who wait are answered')
})

t.test('what comes for a finished invocation changes nothing', async (t) => {
  const bench = new Bench()
  bench.invoke('a')
  bench.output('a', 'r')
  bench.end('a')
  for (const turn of [
    bench.append('a', { kind: 'run', completionId: 1, name: '' }),
    bench.proposeRun('a', 1, value('x')),
    bench.suspend('a', [1]),
    bench.end('a'),
    bench.fail('a', { kind: 'kill' }),
  ]) {
    t.same([eventTypes(turn), effectTypes(turn)], [[], []])
  }
})

t.test('on request, expiry waits for the sweep, as in Restate', async (t) => {
  const bench = new Bench({ expiresExactly: false })
  bench.invoke('a')
  bench.output('a', 'r')
  bench.end('a')
  bench.now += 5000
  t.same(eventTypes(bench.invoke('a')), [], 'past its retention it still answers')
  bench.decide({ type: 'expire', now: bench.now, seqs: [1] })
  t.same(eventTypes(bench.invoke('a')), ['invocation-created'])
})
