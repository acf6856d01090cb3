import t from 'tap'
import type { NotificationEntry, Result } from '../../src/core/journal.ts'
import { requestedAckFlag } from '../../src/protocol/frame.ts'
import { MessageType } from '../../src/protocol/message-type.ts'
import { decodeNotification } from '../../src/protocol/messages/notification.ts'
import { encodeProposeRunCompletion } from '../../src/protocol/messages/propose-run-completion.ts'
import { decodeStart } from '../../src/protocol/messages/start.ts'
import type { Exchange } from './fake-service.ts'
import { textOf } from './recording-host.ts'
import { Rig } from './rig.ts'
import { deploymentId, inputEntry, invocation, runCompletion, runEntry, runPayload } from './samples.ts'

const enabled = { config: { enableProtocolV7: true } } as const
const id = deploymentId('dp_1aaaaaaaaaaaaaaaaaaaaaa')
const contentType = (version: number): string => `application/vnd.restate.invocation.v${version}`

/** Accepts whatever is asked for, and ends. */
function finishes(exchange: Exchange): void {
  exchange.accept(exchange.headers['content-type']).output('1').end()
}

t.test('which version a request has', async (t) => {
  const cases = [
    { name: 'off', range: [5, 7], config: {}, version: 6 },
    { name: 'on', range: [5, 7], ...enabled, version: 7 },
    { name: 'on, of a newer SDK', range: [5, 9], ...enabled, version: 7 },
    { name: 'on, of an older SDK', range: [5, 6], ...enabled, version: 6 },
    { name: 'on, V7 alone', range: [7, 7], ...enabled, version: 7 },
    { name: 'pinned to V6 while on', range: [5, 7], ...enabled, pinned: 6, version: 6 },
    { name: 'pinned to V7 while off', range: [5, 7], config: {}, pinned: 7, version: 7 },
  ] as const
  for (const { name, range, config, version, ...row } of cases) {
    const [minProtocolVersion, maxProtocolVersion] = range
    await using rig = await Rig.start({
      script: finishes,
      config,
      deployment: { minProtocolVersion, maxProtocolVersion },
    })
    const pinned = 'pinned' in row ? { deploymentId: id, protocolVersion: row.pinned } : undefined
    rig.run(invocation({ pinned }))
    await rig.host.atLeast(2)
    const [exchange] = rig.service.exchanges
    t.equal(exchange?.headers['content-type'], contentType(version), name)
    t.equal(exchange?.headers.accept, contentType(version), name)
    t.match(rig.host.commands[0], { deployment: { protocolVersion: version } }, name)
    const start = decodeStart(exchange?.frames[0]?.payload ?? Buffer.alloc(0))
    // Scope, limit key and idempotency key belong to flow control.
    t.match(start, { scope: undefined, limitKey: undefined, idempotencyKey: undefined }, name)
    t.not(start.randomSeed, 0n)
  }
})

t.test('a proposal is acknowledged on the wire, behind what came before it', async (t) => {
  const result: Result = { kind: 'value', value: Buffer.from('42') }
  await using rig = await Rig.start({
    ...enabled,
    script: async (exchange) => {
      exchange.accept(contentType(7)).send(MessageType.Run, runPayload)
      const payload = encodeProposeRunCompletion({ resultCompletionId: 1, result })
      exchange.send(MessageType.ProposeRunCompletion, payload, requestedAckFlag)
      await exchange.until((e) => e.frames.length === 4)
      exchange.output('42').end()
    },
  })
  const subject = rig.run()
  await rig.host.atLeast(2)
  const [, proposed] = rig.host.commands
  if (proposed?.type !== 'propose-run') throw new Error('no proposal')
  const other: NotificationEntry = { ...runCompletion, key: { kind: 'completion', id: 2 } }
  subject.journal.push(runEntry, other, { ...runCompletion, result: proposed.result })
  rig.invoker.notify(subject, 2)
  rig.invoker.notify(subject, 3)
  await rig.host.atLeast(4)
  const [exchange] = rig.service.exchanges
  t.equal(exchange?.types(), '0000 0400 8011 0007')
  t.same(exchange?.frames[3], { type: 0x0007, flags: 0, payload: Buffer.from('0801', 'hex') })
  t.same(rig.host.commands.map(textOf), ['append run', 'run 1 value', 'append output', 'end'])
})

t.test('in a replay it is the completion', async (t) => {
  await using rig = await Rig.start({ ...enabled, script: finishes })
  rig.run(invocation({ journal: [inputEntry, runEntry, runCompletion] }))
  await rig.host.atLeast(2)
  t.equal(rig.service.exchanges[0]?.types(), '0000 0400 0411 8011')
})

t.test('failures have metadata since V6', async (t) => {
  const metadata = [['a', 'b']] as const
  const failed: NotificationEntry = {
    ...runCompletion,
    result: { kind: 'failure', failure: { code: 1, message: 'no', metadata } },
  }
  for (const protocolVersion of [5, 6, 7]) {
    await using rig = await Rig.start({ script: finishes })
    rig.run(invocation({ pinned: { deploymentId: id, protocolVersion }, journal: [inputEntry, runEntry, failed] }))
    await rig.host.atLeast(2)
    const sent = rig.service.exchanges[0]?.frames[3]
    const { result } = decodeNotification(sent?.type ?? 0, sent?.payload ?? Buffer.alloc(0))
    const failure = { code: 1, message: 'no', ...(protocolVersion >= 6 ? { metadata } : {}) }
    t.strictSame(result, { kind: 'failure', failure }, `V${protocolVersion}`)
  }
})
