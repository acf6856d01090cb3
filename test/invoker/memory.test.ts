import http2 from 'node:http2'
import t from 'tap'
import { MessageType } from '../../src/protocol/message-type.ts'
import type { Script } from './fake-service.ts'
import { textOf } from './recording-host.ts'
import { Rig } from './rig.ts'
import { allKinds, counterTarget, handler, inputEntry, invocation, runEntry, runPayload, service } from './samples.ts'

const MIB = 1024 * 1024

async function eventually(condition: () => boolean): Promise<void> {
  const until = performance.now() + 30_000
  while (!condition()) {
    if (performance.now() > until) throw new Error('it did not happen')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const sized = (bytes: number) => {
  const body = Buffer.alloc(bytes)
  return invocation({ journal: [{ kind: 'input', headers: [], body, appendedAt: 0 }] })
}

t.test('attempts wait while too much is on the way to services', async (t) => {
  let isReading = false
  await using rig = await Rig.start({
    // A service that does not read fills its window; the rest of the replay stays here.
    script: (exchange) => {
      exchange.accept()
      if (!isReading) exchange.stream.pause()
    },
    config: { memoryLimitBytes: 10 * MIB },
  })
  const { exchanges } = rig.service
  const first = rig.run(sized(4 * MIB))
  rig.run(sized(5 * MIB))
  await eventually(() => exchanges.length === 2)
  const third = rig.run(sized(2 * MIB))
  rig.run(sized(10))
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.equal(exchanges.length, 2)
  t.equal(rig.invoker.queued, 2, 'a small one does not pass a large one')
  t.ok(rig.invoker.replayBytes > 9 * MIB && rig.invoker.replayBytes <= 10 * MIB, `${rig.invoker.replayBytes}`)

  isReading = true
  exchanges[0]?.stream.resume()
  await eventually(() => exchanges.length === 4)
  t.equal(exchanges[2]?.headers['x-restate-invocation-id'], third.id)
  t.equal(rig.invoker.inFlight, 4, 'the first one goes on; its replay has been sent')

  exchanges[1]?.stream.resume()
  await eventually(() => rig.invoker.replayBytes === 0)
  for (const exchange of exchanges) exchange.output('1').end()
  await eventually(() => rig.invoker.inFlight === 0)
  t.ok(first.seq)
})

t.test('a journal that is larger than the limit is sent by itself, and gives way when it ends', async (t) => {
  await using rig = await Rig.start({
    script: (exchange) => {
      exchange.accept()
      exchange.stream.pause()
    },
    config: { memoryLimitBytes: 4 * MIB },
  })
  const { exchanges } = rig.service
  const large = rig.run(sized(8 * MIB))
  await eventually(() => exchanges.length === 1)
  const many = Array.from({ length: 2000 }, () => rig.run(sized(10)))
  t.equal(rig.invoker.queued, 2000)
  rig.invoker.abort(many[0]?.seq ?? 0)
  rig.invoker.abort(large.seq)
  await eventually(() => rig.invoker.queued < 1999)
  t.equal(rig.invoker.queued, 999, 'as many as may run at once')
})

t.test('one that waits and is not wanted any more does not hold up those behind it', async (t) => {
  await using rig = await Rig.start({
    script: (exchange) => {
      exchange.accept()
      exchange.stream.pause()
    },
    config: { memoryLimitBytes: 8 * MIB },
  })
  rig.run(sized(6 * MIB))
  const large = rig.run(sized(6 * MIB))
  const small = rig.run(sized(10))
  t.equal(rig.invoker.queued, 2)
  rig.run(large)
  t.equal(rig.invoker.queued, 1, 'ordered anew, it is last')
  t.equal(rig.invoker.inspect(small.seq)?.state, 'in-flight')
  rig.run(sized(10))
  t.equal(rig.invoker.queued, 2)
  rig.invoker.abort(large.seq)
  t.equal(rig.invoker.queued, 0)
})

t.test('a service that answers and is done with its request, unread as it is, leaves nothing behind', async (t) => {
  const scripts: readonly (readonly [script: Script, last: string])[] = [
    [({ stream }) => stream.respond({ ':status': 503 }), 'fail 500 RT0023 retry'],
    [(exchange) => void exchange.accept().output('1').end(), 'end'],
    [(exchange) => void exchange.accept().output('1'), 'fail 500 RT0007 retry'],
  ]
  for (const [script, last] of scripts) {
    await using rig = await Rig.start({
      script: async (exchange) => {
        const { stream } = exchange
        stream.pause()
        await script(exchange)
        stream.end()
        // As servers do that want no more of a body: without an error. Some versions of Node would send it ahead of an answer that is on its way.
        stream.once('finish', () => setImmediate(() => stream.close(http2.constants.NGHTTP2_NO_ERROR)))
      },
    })
    rig.run(sized(8 * MIB))
    await eventually(() => rig.host.commands.map(textOf).at(-1) === last)
    await eventually(() => rig.invoker.inFlight === 0)
    t.equal(rig.invoker.replayBytes, 0, last)
  }
})

t.test('eager state counts as well', async (t) => {
  await using rig = await Rig.start({
    script: (exchange) => {
      exchange.accept()
      exchange.stream.pause()
    },
    deployment: { services: allKinds },
    config: { memoryLimitBytes: 4 * MIB },
  })
  rig.run(invocation({ target: counterTarget }), new Map([['a', Buffer.alloc(6 * MIB)]]))
  await eventually(() => rig.service.exchanges.length === 1)
  t.ok(rig.invoker.replayBytes > 6 * MIB)
  rig.run()
  t.equal(rig.invoker.queued, 1)
})

t.test('a journal that is too large is not sent at all', async (t) => {
  for (const onMaxAttempts of ['pause', 'kill'] as const) {
    await using rig = await Rig.start({
      script: (exchange) => void exchange.accept().output('1').end(),
      config: { perInvocationMemoryLimitBytes: 1000 },
      deployment: { services: [service('Greeter', { retryPolicy: { onMaxAttempts }, handlers: [handler('greet')] })] },
    })
    const { seq } = rig.run(sized(1001))
    t.same(rig.host.proposals, [], 'not from within start()')
    await rig.host.atLeast(1)
    t.same(rig.host.commands.map(textOf), [`fail 500 undefined ${onMaxAttempts} infra`])
    t.match(rig.host.commands[0], { failure: { message: /per-invocation-memory-limit/ } })
    t.equal(rig.service.exchanges.length, 0)
    t.equal(rig.invoker.inspect(seq)?.state, 'ended')
    t.equal(rig.invoker.replayBytes, 0)

    rig.run(sized(900))
    await rig.host.atLeast(3)
    t.same(rig.host.commands.slice(1).map(textOf), ['append output', 'end'], 'one that fits')
  }
})

t.test('a command for which the journal has no room is not stored', async (t) => {
  await using rig = await Rig.start({
    script: (exchange) => void exchange.accept().send(MessageType.Run, runPayload).output('1').end(),
    config: { journalLengthLimit: 3 },
  })
  rig.run(invocation({ journal: [inputEntry, runEntry] }))
  await rig.host.atLeast(3)
  t.same(rig.host.commands.map(textOf), ['append run', 'append output', 'end'])
  rig.run(invocation({ journal: [inputEntry, runEntry, runEntry] }))
  await rig.host.atLeast(4)
  t.same(rig.host.commands.slice(3).map(textOf), ['fail 500 undefined pause'])
  t.match(rig.host.commands[3], { failure: { message: /journal-length-limit/, relatedCommandType: MessageType.Run } })
})
