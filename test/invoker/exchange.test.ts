import http2 from 'node:http2'
import t from 'tap'
import type { JournalEntry } from '../../src/core/journal.ts'
import { requestedAckFlag } from '../../src/protocol/frame.ts'
import { MessageType } from '../../src/protocol/message-type.ts'
import { encodeError } from '../../src/protocol/messages/error.ts'
import { decodeInput } from '../../src/protocol/messages/input.ts'
import { decodeNotification } from '../../src/protocol/messages/notification.ts'
import { encodeProposeRunCompletion } from '../../src/protocol/messages/propose-run-completion.ts'
import { encodeRun } from '../../src/protocol/messages/run.ts'
import { decodeStart } from '../../src/protocol/messages/start.ts'
import { contentTypeV6, type Exchange } from './fake-service.ts'
import { isRetained, textOf } from './recording-host.ts'
import { firstExchange, Rig, startTime } from './rig.ts'
import {
  allKinds,
  counterTarget,
  deploymentId,
  flowTarget,
  greeterTarget,
  handler,
  inputEntry,
  invocation,
  runCompletion,
  runEntry,
  runPayload,
  service,
} from './samples.ts'

const value = (content: string | Buffer) => ({ kind: 'value', value: Buffer.from(content) }) as const

const finishes = (exchange: Exchange): void => void exchange.accept().output('"hi"').end()

t.test('a first attempt: headers in the order of the peer, Start and Input in one write', async (t) => {
  await using rig = await Rig.start({
    script: finishes,
    deployment: {
      additionalHeaders: [
        ['authorization', 'Bearer x'],
        ['x-restate-invocation-id', 'forged'],
      ],
    },
    invoker: { sign: (path, key) => [['x-restate-jwt-v1', `${path} ${key}`]] },
  })
  const { id } = rig.run()
  await rig.host.atLeast(2)
  const exchange = await firstExchange(rig)
  await exchange.until((e) => e.closed)
  t.equal(exchange.headers[':path'], '/invoke/Greeter/greet')
  t.equal(exchange.headers[':method'], 'POST')
  t.same(
    exchange.rawHeaders.filter((_, index) => index % 2 === 0 && !exchange.rawHeaders[index]?.startsWith(':')),
    [
      'content-type',
      'accept',
      'x-restate-invocation-id',
      'authorization',
      'x-restate-jwt-v1',
      'x-restate-cluster-name',
    ],
  )
  t.match(exchange.headers, {
    'content-type': contentTypeV6,
    accept: contentTypeV6,
    'x-restate-invocation-id': id,
    authorization: 'Bearer x',
    'x-restate-jwt-v1': '/invoke/Greeter/greet undefined',
    'x-restate-cluster-name': 'localcluster',
  })
  t.equal(exchange.types(), '0000 0400')
  t.equal(exchange.chunks, 1, 'one DATA frame')
  const [start, input] = exchange.frames
  t.match(decodeStart(start?.payload ?? Buffer.alloc(0)), {
    debugId: id,
    knownEntries: 1,
    partialState: true,
    stateMap: [],
    key: '',
    retryCountSinceLastStoredEntry: 0,
    durationSinceLastStoredEntryMs: 500,
  })
  const decoded = decodeInput(input?.payload ?? Buffer.alloc(0))
  t.equal(String(decoded.value), '"Ada"')
  t.same(decoded.headers, [['x-restate-ingress-path', '/Greeter/greet']])
  t.equal(exchange.rstCode, http2.constants.NGHTTP2_NO_ERROR)
  t.same(rig.invoker.counters, {
    attemptsStarted: 1,
    attemptsFailed: 0,
    attemptsSuspended: 0,
    attemptsCompleted: 1,
    attemptsAborted: 0,
    entriesProposed: 1,
  })
})

t.test('a keyed target: the header is encoded, the signature is over the key itself', async (t) => {
  const key = "a b/ü!'()*~"
  for (const target of [counterTarget, flowTarget]) {
    await using rig = await Rig.start({
      script: finishes,
      deployment: { services: allKinds },
      invoker: { sign: (path, signedKey) => [['x-signed', encodeURIComponent(`${path} ${signedKey}`)]] },
    })
    rig.run(invocation({ target: { ...target, key } }))
    await rig.host.atLeast(2)
    const { headers, frames } = await firstExchange(rig)
    t.equal(headers['x-restate-service-key'], 'a%20b%2F%C3%BC%21%27%28%29%2A~')
    t.equal(headers['x-signed'], encodeURIComponent(`/invoke/${target.service}/${target.handler} ${key}`))
    t.equal(decodeStart(frames[0]?.payload ?? Buffer.alloc(0)).key, key)
  }
})

t.test('an empty key is a key', async (t) => {
  await using rig = await Rig.start({
    script: finishes,
    deployment: { services: allKinds },
    invoker: { sign: (_path, key) => [['x-signed', `[${key}]`]] },
  })
  rig.run(invocation({ target: { ...counterTarget, key: '' } }))
  await rig.host.atLeast(2)
  const { headers } = await firstExchange(rig)
  t.equal(headers['x-restate-service-key'], '')
  t.equal(headers['x-signed'], '[]')
})

t.test('a deployment with a path and a query', async (t) => {
  await using rig = await Rig.start({ script: finishes })
  const [record] = rig.schema.deployments()
  if (record === undefined) throw new Error('no deployment')
  rig.schema.put({ ...record, uri: `${rig.service.uri}a/b/?tenant=1` })
  rig.run()
  t.equal((await firstExchange(rig)).headers[':path'], '/a/b/invoke/Greeter/greet?tenant=1')
  await rig.host.atLeast(2)
})

t.test('the replay: entries in order, commands byte for byte, and only what is durable', async (t) => {
  await using rig = await Rig.start({ script: finishes })
  // Field 200 is of no version that we know: it must come back all the same.
  const odd = Buffer.concat([runPayload, Buffer.from('c20c0178', 'hex')])
  const subject = invocation({
    journal: [inputEntry, { ...runEntry, payload: odd }, runCompletion, { ...runEntry, appendedAt: 1_000_400 }],
    retry: {
      countedFailures: 2,
      failuresSinceLastEntry: 1,
      lastFailure: { code: 500, message: '' },
      nextAttemptAt: 0,
    },
  })
  rig.invoker.start({ invocation: subject, attempt: 1, journalLength: 3, state: undefined })
  await rig.host.atLeast(2)
  const exchange = await firstExchange(rig)
  t.equal(exchange.types(), '0000 0400 0411 8011')
  t.match(decodeStart(exchange.frames[0]?.payload ?? odd), {
    knownEntries: 3,
    retryCountSinceLastStoredEntry: 1,
    durationSinceLastStoredEntryMs: startTime - 1_000_200,
  })
  t.same(exchange.frames[2]?.payload, odd)
  t.same(decodeNotification(0x8011, exchange.frames[3]?.payload ?? odd).result, value('42'))
})

t.test('notifications are streamed once, in order, and answer proposals', async (t) => {
  await using rig = await Rig.start({
    script: async (exchange) => {
      exchange.accept().send(MessageType.Run, runPayload)
      exchange.send(
        MessageType.ProposeRunCompletion,
        encodeProposeRunCompletion({ resultCompletionId: 1, result: value('42') }),
      )
      await exchange.until((e) => e.frames.length === 4)
      exchange.output('42').end()
    },
  })
  const subject = rig.run()
  await rig.host.atLeast(2)
  const second: JournalEntry = { ...runCompletion, key: { kind: 'completion', id: 2 } }
  subject.journal.push(runEntry, runCompletion, second)
  rig.invoker.notify(subject, 0)
  rig.invoker.notify(subject, 2)
  rig.invoker.notify(subject, 3)
  rig.invoker.notify(invocation(), 0)
  await rig.host.atLeast(4)
  const exchange = await firstExchange(rig)
  t.equal(exchange.types(), '0000 0400 8011 8011', 'the entry that was replayed is not sent again')
  t.same(
    exchange.frames.slice(2).map((frame) => decodeNotification(frame.type, frame.payload).key),
    [
      { kind: 'completion', id: 1 },
      { kind: 'completion', id: 2 },
    ],
  )
  t.equal(exchange.chunks, 2, 'what becomes durable together is one write')
})

t.test('an acknowledgement comes when asked for, and when it is true', async (t) => {
  await using rig = await Rig.start({
    script: (exchange) => {
      exchange.accept().send(MessageType.Run, runPayload, requestedAckFlag).send(MessageType.Run, runPayload)
    },
  })
  rig.run(invocation({ journal: [inputEntry, runEntry, runCompletion] }))
  const proposals = await rig.host.atLeast(2)
  const exchange = await firstExchange(rig)
  t.equal(exchange.frames.length, 4)
  t.equal(proposals[1]?.durable, undefined)
  proposals[0]?.durable?.()
  await exchange.until((e) => e.frames.length === 5)
  t.same(exchange.frames[4], { type: MessageType.CommandAck, flags: 0, payload: Buffer.from('0802', 'hex') })
})

t.test('an attempt that is aborted is reset, and what it still says does not count', async (t) => {
  await using rig = await Rig.start({ script: (exchange) => void exchange.accept().send(MessageType.Run, runPayload) })
  const { seq } = rig.run()
  await rig.host.atLeast(1)
  rig.invoker.abort(seq)
  const exchange = await firstExchange(rig)
  exchange.output('1').end()
  await exchange.until((e) => e.closed)
  t.equal(exchange.rstCode, http2.constants.NGHTTP2_CANCEL)
  t.equal(rig.host.proposals.length, 1)
  t.equal(rig.invoker.inspect(seq), undefined)
})

t.test('while the log is behind, services are not read', async (t) => {
  const payload = encodeRun({ resultCompletionId: 1, name: 'x'.repeat(1000) })
  await using rig = await Rig.start({
    script: async (exchange) => {
      exchange.accept()
      for (let sent = 0; sent < 20_000; sent++) {
        if (!exchange.send(MessageType.Run, payload).stream.writableNeedDrain) continue
        await new Promise<void>((resolve) => exchange.stream.once('drain', resolve))
      }
      exchange.output('1').end()
    },
  })
  rig.host.hasRoom = false
  rig.run()
  await rig.host.atLeast(1)
  await new Promise((resolve) => setTimeout(resolve, 200))
  const before = rig.host.proposals.length
  t.ok(before < 200, `${before} commands came in one gulp`)
  await new Promise((resolve) => setTimeout(resolve, 100))
  t.equal(rig.host.proposals.length, before)
  rig.host.drain()
  await rig.host.atLeast(20_002)
  t.equal(textOf(rig.host.commands.at(-1) ?? raise()), 'end')
})

t.test('a replay that is larger than all windows arrives whole', async (t) => {
  await using rig = await Rig.start({
    script: async (exchange) => {
      exchange.accept()
      await exchange.until((e) => e.frames.length === 42, 30_000)
      exchange.output('1').end()
    },
  })
  const big: JournalEntry = { ...runEntry, payload: encodeRun({ resultCompletionId: 1, name: 'n'.repeat(1 << 20) }) }
  const journal = [inputEntry, ...Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? big : runEntry))]
  rig.run(invocation({ journal }))
  await rig.host.atLeast(2, 30_000)
  const { frames } = await firstExchange(rig)
  t.equal(frames.length, 42)
  t.ok(frames.slice(2).every((frame, index) => frame.payload.equals(index % 2 === 0 ? big.payload : runPayload)))
})

t.test('what is stored does not hold the chunk that it came in', async (t) => {
  await using rig = await Rig.start({
    script: (exchange) => {
      exchange.accept().send(MessageType.Run, runPayload)
      exchange.send(
        MessageType.ProposeRunCompletion,
        encodeProposeRunCompletion({ resultCompletionId: 1, result: value('42') }),
      )
      exchange
        .output('x'.repeat(2 ** 20))
        .output('small')
        .end()
    },
  })
  rig.run()
  await rig.host.atLeast(5)
  for (const command of rig.host.commands) {
    if (command.type !== 'append-entry') continue
    t.ok(isRetained(command.payload), `${command.payload.length} bytes of ${command.payload.buffer.byteLength}`)
    if (command.entry.kind !== 'output' || command.entry.result.kind !== 'value') continue
    t.equal(command.entry.result.value.buffer, command.payload.buffer, 'the value is a view')
  }
})

t.test('where an attempt goes', async (t) => {
  t.test('a pinned invocation stays on its deployment and version', async (t) => {
    await using rig = await Rig.start({
      script: (e) => void e.accept('application/vnd.restate.invocation.v5').output('1').end(),
    })
    const [record] = rig.schema.deployments()
    if (record === undefined) throw raise()
    rig.schema.put({
      ...record,
      id: deploymentId('dp_new'),
      uri: 'http://127.0.0.1:1/',
      services: [service('Greeter', { revision: 2 })],
    })
    const pinned = { deploymentId: record.id, protocolVersion: 5 }
    rig.run(invocation({ pinned }))
    await rig.host.atLeast(2)
    const [output] = rig.host.commands
    t.match(output, { type: 'append-entry', deployment: pinned })
  })

  const cases = [
    { name: 'no deployment', target: { ...greeterTarget, service: 'Nobody' }, code: 'RT0011' },
    {
      name: 'the pinned deployment is gone',
      pinned: { deploymentId: deploymentId('dp_gone'), protocolVersion: 6 },
      code: 'RT0011',
    },
    {
      name: 'the pinned version is not spoken any more',
      pinned: { deploymentId: deploymentId('dp_1aaaaaaaaaaaaaaaaaaaaaa'), protocolVersion: 4 },
      code: 'RT0014',
    },
    { name: 'the deployment is too new', deployment: { minProtocolVersion: 7 }, code: 'RT0013' },
  ]
  for (const { name, code, deployment: record, ...overrides } of cases) {
    t.test(name, async (t) => {
      await using rig = await Rig.start({ script: finishes, ...(record === undefined ? {} : { deployment: record }) })
      const { seq } = rig.run(invocation(overrides))
      t.same(rig.host.proposals, [], 'not from within start()')
      await rig.host.atLeast(1)
      t.same(rig.host.commands.map(textOf), [`fail 500 ${code} retry infra`])
      t.equal(rig.invoker.inspect(seq)?.state, 'ended')
      t.equal(rig.service.exchanges.length, 0)
    })
  }
})

t.test('the retry policy decides what follows a failure', async (t) => {
  const failing = (exchange: Exchange): void =>
    void exchange
      .accept()
      .send(MessageType.Error, encodeError({ code: 500, message: 'no', stacktrace: 'at', behavior: 'retry' }))
  const retryPolicy = { initialIntervalMs: 100, exponentiationFactor: 3, maxIntervalMs: 800, maxAttempts: 4 }
  const cases = [
    { failed: 0, onMaxAttempts: 'pause', outcome: { kind: 'retry', at: startTime + 115 } },
    { failed: 1, onMaxAttempts: 'pause', outcome: { kind: 'retry', at: startTime + 345 } },
    { failed: 2, onMaxAttempts: 'pause', outcome: { kind: 'retry', at: startTime + 920 } },
    { failed: 3, onMaxAttempts: 'pause', outcome: { kind: 'pause' } },
    { failed: 3, onMaxAttempts: 'kill', outcome: { kind: 'kill' } },
  ] as const
  for (const { failed, onMaxAttempts, outcome } of cases) {
    await using rig = await Rig.start({
      script: failing,
      deployment: {
        services: [
          service('Greeter', {
            retryPolicy: { maxAttempts: 99, onMaxAttempts },
            handlers: [handler('greet', { retryPolicy })],
          }),
        ],
      },
      invoker: { random: () => 0.5 },
    })
    const retry = {
      countedFailures: failed,
      failuresSinceLastEntry: 0,
      lastFailure: { code: 500, message: '' },
      nextAttemptAt: 0,
    }
    rig.run(invocation(failed === 0 ? {} : { retry }))
    await rig.host.atLeast(1)
    t.match(rig.host.commands[0], { type: 'fail-attempt', countsForHandler: true, countsForPolicy: true })
    const [command] = rig.host.commands
    t.same(command?.type === 'fail-attempt' && command.outcome, outcome)
    t.same(command?.type === 'fail-attempt' && command.failure, {
      code: 500,
      message: 'no',
      stacktrace: 'at',
      restateCode: 'RT0007',
    })
  }
})

function raise(): never {
  throw new Error('nothing there')
}
