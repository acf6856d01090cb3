import http2 from 'node:http2'
import t from 'tap'
import { EntryType } from '../../src/core/entry-type.ts'
import type { JournalEntry } from '../../src/core/journal.ts'
import { MessageType } from '../../src/protocol/message-type.ts'
import { encodeCall } from '../../src/protocol/messages/call.ts'
import { encodeError } from '../../src/protocol/messages/error.ts'
import { encodeOneWayCall } from '../../src/protocol/messages/one-way-call.ts'
import { encodeRun } from '../../src/protocol/messages/run.ts'
import type { Exchange } from './fake-service.ts'
import { textOf } from './recording-host.ts'
import { Rig, startTime } from './rig.ts'
import { handler, inputEntry, invocation, oneDayMs, runPayload, service } from './samples.ts'

const finishes = (exchange: Exchange): void => void exchange.accept().output('"hi"').end()

const completion: JournalEntry = {
  kind: 'notification',
  type: EntryType.SleepCompletion,
  key: { kind: 'completion', id: 1 },
  result: { kind: 'void' },
  appendedAt: 0,
}

async function eventually(condition: () => boolean): Promise<void> {
  const until = performance.now() + 30_000
  while (!condition()) {
    if (performance.now() > until) throw new Error('it did not happen')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

t.test('no more attempts than the limit; the others follow in order', async (t) => {
  await using rig = await Rig.start({ script: (e) => void e.accept(), config: { concurrentInvocationsLimit: 2 } })
  const subjects = Array.from({ length: 5 }, () => rig.run())
  const { exchanges } = rig.service
  await eventually(() => exchanges.length === 2)
  t.equal(rig.invoker.queued, 3)
  t.equal(rig.invoker.inspect(subjects[2]?.seq ?? 0)?.state, 'queued')
  for (let done = 0; done < 5; done++) {
    await eventually(() => exchanges.length === Math.min(5, done + 2))
    exchanges[done]?.output('1').end()
  }
  await rig.host.atLeast(10)
  t.same(
    exchanges.map((exchange) => exchange.headers['x-restate-invocation-id']),
    subjects.map((subject) => subject.id),
  )
  await eventually(() => rig.invoker.inFlight === 0)
  t.equal(rig.invoker.queued, 0)
})

t.test('an order that waits takes along what becomes durable, or is dropped', async (t) => {
  await using rig = await Rig.start({ script: (e) => void e.accept(), config: { concurrentInvocationsLimit: 1 } })
  const first = rig.run()
  const [second, third] = [rig.run(), rig.run()]
  second.journal.push(completion)
  rig.invoker.notify(second, 1)
  rig.invoker.abort(third.seq)
  await eventually(() => rig.service.exchanges.length === 1)
  rig.invoker.abort(first.seq)
  await eventually(() => rig.service.exchanges.length === 2)
  const exchange = rig.service.exchanges[1]
  await exchange?.until((e) => e.frames.length === 3)
  t.equal(exchange?.types(), '0000 0400 800c')
  exchange?.output('1').end()
  await eventually(() => rig.invoker.inFlight === 0)
  t.equal(rig.service.exchanges.length, 2)
  t.same(rig.host.commands.map(textOf), ['append output', 'end'])
})

t.test('a new order replaces an attempt that is still open', async (t) => {
  await using rig = await Rig.start({
    script: (exchange) => {
      exchange.staysOpen = true
      exchange.accept()
    },
  })
  const subject = rig.run()
  await eventually(() => rig.service.exchanges.length === 1)
  rig.run(subject)
  await eventually(() => rig.service.exchanges.length === 2)
  const [first, second] = rig.service.exchanges
  await first?.until((e) => e.closed)
  t.equal(first?.rstCode, http2.constants.NGHTTP2_CANCEL)
  second?.output('1').end()
  const proposals = await rig.host.atLeast(2)
  t.same(
    proposals.map((proposal) => proposal.attempt),
    [2, 2],
  )
})

t.test('an attempt that is aborted before it has a connection never happens', async (t) => {
  await using rig = await Rig.start({ script: finishes })
  rig.invoker.abort(rig.run().seq)
  t.equal(rig.invoker.counters.attemptsAborted, 1)
  await eventually(() => rig.invoker.inFlight === 0)
  rig.run()
  await rig.host.atLeast(2)
  t.equal(rig.service.exchanges.length, 1)
})

t.test('a request that was refused is sent elsewhere, which is no failure', async (t) => {
  let refused = 0
  await using rig = await Rig.start({
    script: (exchange) => {
      if (refused++ < 2) exchange.stream.close(http2.constants.NGHTTP2_REFUSED_STREAM)
      else finishes(exchange)
    },
  })
  rig.run()
  await rig.host.atLeast(2)
  t.same(rig.host.commands.map(textOf), ['append output', 'end'])
  t.equal(rig.service.exchanges.length, 3)
  t.equal(rig.service.exchanges[2]?.types(), '0000 0400')
})

t.test('one that is always refused fails', async (t) => {
  await using rig = await Rig.start({ script: ({ stream }) => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM) })
  rig.run()
  await rig.host.atLeast(1)
  t.same(rig.host.commands.map(textOf), ['fail 500 RT0010 retry'])
  t.equal(rig.service.exchanges.length, 4)
})

t.test('a graceful GOAWAY costs nothing', async (t) => {
  const secondIsOver = Promise.withResolvers<void>()
  await using rig = await Rig.start({
    script: async (exchange) => {
      exchange.accept()
      if (rig.service.sessionCount === 1) {
        exchange.stream.session?.goaway(http2.constants.NGHTTP2_NO_ERROR)
        // Who has read this has read the GOAWAY in front of it.
        exchange.send(MessageType.Run, runPayload)
        await secondIsOver.promise
      }
      exchange.output('1').end()
    },
  })
  rig.run()
  await rig.host.atLeast(1)
  rig.run()
  await rig.host.atLeast(3)
  secondIsOver.resolve()
  await rig.host.atLeast(5)
  t.same(rig.host.commands.map(textOf), ['append run', 'append output', 'end', 'append output', 'end'])
  t.equal(rig.service.sessionCount, 2)
})

t.test('what is known of an attempt', async (t) => {
  const failing = (exchange: Exchange): void =>
    void exchange
      .accept()
      .send(MessageType.Error, encodeError({ code: 500, message: 'no', stacktrace: '', behavior: 'retry' }))
  await using rig = await Rig.start({ script: failing })
  const { seq } = rig.run()
  t.match(rig.invoker.inspect(seq), { state: 'in-flight', attempt: 1, startedAt: startTime, server: undefined })
  await rig.host.atLeast(1)
  const after = {
    state: 'ended',
    attempt: 1,
    startedAt: startTime,
    deploymentId: 'dp_1aaaaaaaaaaaaaaaaaaaaaa',
    protocolVersion: 6,
    server: 'fake/1.0',
  }
  t.same(rig.invoker.inspect(seq), after)
  t.equal(rig.invoker.inspect(seq + 1000), undefined)
})

t.test('close lets attempts end for a while, then resets them without a word', async (t) => {
  const rig = await Rig.start({ script: (e) => void e.accept() })
  const [first, second] = [rig.run(), rig.run()]
  const { exchanges } = rig.service
  await eventually(() => exchanges.length === 2)
  const closing = rig.invoker.close(4000)
  rig.run()
  exchanges[0]?.output('1').end()
  await closing
  t.equal(exchanges.length, 2)
  t.same(
    rig.host.commands.map((command) => `${textOf(command)} ${command.seq}`),
    [`append output ${first.seq}`, `end ${first.seq}`],
  )
  await exchanges[1]?.until((e) => e.closed)
  t.ok(second.seq)
  t.equal(rig.invoker.inFlight, 0)
  await rig[Symbol.asyncDispose]()
})

t.test('close does not wait longer than it must', async (t) => {
  await using rig = await Rig.start({ script: (e) => void e.accept() })
  rig.run()
  await eventually(() => rig.service.exchanges.length === 1)
  const started = performance.now()
  const closing = rig.invoker.close(60_000)
  rig.service.exchanges[0]?.output('1').end()
  await closing
  t.ok(performance.now() - started < 30_000)
})

t.test('what a call creates', async (t) => {
  const headers = [['x-a', '1']] as const
  const base = { parameter: Buffer.from('"p"'), headers, invocationIdNotificationIdx: 1, name: '' }
  const call = (more: object): Buffer =>
    encodeCall({ ...base, serviceName: 'Greeter', handlerName: 'greet', key: '', resultCompletionId: 2, ...more })
  const send = (more: object): Buffer =>
    encodeOneWayCall({ ...base, serviceName: 'Greeter', handlerName: 'greet', key: '', invokeTime: 0, ...more })
  await using rig = await Rig.start({
    script: (exchange) => {
      exchange
        .accept()
        .send(MessageType.Call, call({}))
        .send(MessageType.Call, call({}))
        .send(MessageType.Call, call({ idempotencyKey: 'once' }))
        .send(MessageType.Call, call({ idempotencyKey: 'once' }))
        .send(MessageType.Call, call({ serviceName: 'Counter', handlerName: 'add', key: '' }))
        .send(MessageType.Call, call({ serviceName: 'Flow', handlerName: 'run', key: 'w1' }))
        .send(MessageType.OneWayCall, send({}))
        .send(MessageType.OneWayCall, send({ invokeTime: startTime }))
        .send(MessageType.OneWayCall, send({ invokeTime: startTime + 1 }))
    },
    deployment: {
      services: [
        service('Greeter', { handlers: [handler('greet', { idempotencyRetentionMs: 5000, journalRetentionMs: 700 })] }),
        service('Counter', { type: 'VirtualObject', handlers: [handler('add', { type: 'Exclusive' })] }),
        service('Flow', {
          type: 'Workflow',
          handlers: [handler('run', { type: 'Workflow', workflowCompletionRetentionMs: 9000 })],
        }),
      ],
    },
  })
  const caller = rig.run()
  await rig.host.atLeast(9)
  const callees = rig.host.commands.map((command) => {
    if (command.type !== 'append-entry') throw new Error(`not ${command.type}`)
    const { entry } = command
    if (entry.kind !== 'call' && entry.kind !== 'one-way-call') throw new Error(`not ${entry.kind}`)
    return { ...entry.callee, invocationIdCompletionId: entry.invocationIdCompletionId }
  })
  const [plain, other, once, again, object, flow, sent, due, delayed] = callees
  t.match(plain, {
    target: { service: 'Greeter', serviceType: 'Service', key: undefined, handler: 'greet', handlerType: 'Stateless' },
    source: { kind: 'service', caller: caller.id, callerTarget: 'Greeter/greet' },
    headers,
    idempotencyKey: undefined,
    executionTime: undefined,
    completionRetentionMs: 700,
    journalRetentionMs: 700,
    fresh: true,
    invocationIdCompletionId: 1,
  })
  t.equal(String(plain?.body), '"p"')
  t.not(plain?.id, other?.id)
  t.equal(once?.id, again?.id)
  t.match(once, { idempotencyKey: 'once', completionRetentionMs: 5000, fresh: undefined })
  t.match(object, {
    target: { service: 'Counter', key: '', handlerType: 'Exclusive' },
    completionRetentionMs: oneDayMs,
  })
  t.match(flow, { target: { key: 'w1', handlerType: 'Workflow' }, completionRetentionMs: 9000, fresh: undefined })
  t.same([sent?.executionTime, due?.executionTime, delayed?.executionTime], [undefined, undefined, startTime + 1])
})

t.test('large messages are logged, text of services is not', async (t) => {
  const lines: string[] = []
  const log = {
    warn: (fields: object, event: string) => void lines.push(`${event} ${JSON.stringify(fields)}`),
  }
  await using rig = await Rig.start({
    script: (exchange) => {
      const payload = encodeRun({ resultCompletionId: 1, name: 'x'.repeat(200) })
      exchange.accept().send(MessageType.Run, payload)
      exchange.send(
        MessageType.Error,
        encodeError({ code: 500, message: 'hunter2', stacktrace: 'hunter2', behavior: 'retry' }),
      )
    },
    config: { messageSizeWarningBytes: 100 },
    invoker: { log },
  })
  const { id } = rig.run(invocation({ journal: [inputEntry] }))
  await rig.host.atLeast(2)
  t.equal(lines.length, 2)
  t.match(lines[0], `large message from service {"invocationId":"${id}","type":"Run","sizeBytes":20`)
  t.match(lines[1], /^attempt failed /)
  t.notMatch(lines.join(), /hunter2/)
})
