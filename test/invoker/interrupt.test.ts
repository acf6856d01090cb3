import t from 'tap'
import { MessageType } from '../../src/protocol/message-type.ts'
import { encodeSuspension } from '../../src/protocol/messages/suspension.ts'
import type { Exchange } from './fake-service.ts'
import { textOf } from './recording-host.ts'
import { Rig } from './rig.ts'
import { runCompletion } from './samples.ts'

const suspension = encodeSuspension({ waitingCompletions: [1], waitingSignals: [1], waitingNamedSignals: [] })

/** Suspends as SDKs do: when the request has ended. */
async function suspendsAtTheEnd(exchange: Exchange): Promise<void> {
  exchange.accept()
  await exchange.until((e) => e.ended)
  exchange.send(MessageType.Suspension, suspension).stream.end()
}

t.test('an open attempt is asked to suspend, behind what it was sent', async (t) => {
  await using rig = await Rig.start({
    script: async (exchange) => {
      exchange.staysOpen = true
      await suspendsAtTheEnd(exchange)
    },
  })
  const subject = rig.run()
  while (rig.service.exchanges.length === 0) await new Promise((resolve) => setTimeout(resolve, 2))
  subject.journal.push(runCompletion)
  rig.invoker.notify(subject, 1)
  rig.invoker.interrupt(subject.seq)
  rig.invoker.interrupt(subject.seq)
  await rig.host.atLeast(1)
  t.same(rig.host.commands.map(textOf), ['suspend 1 / 1 / seen 2'])
  t.equal(rig.service.exchanges[0]?.types(), '0000 0400 8011')
})

t.test('also one that has no connection yet', async (t) => {
  await using rig = await Rig.start({
    script: async (exchange) => {
      exchange.staysOpen = true
      await suspendsAtTheEnd(exchange)
    },
  })
  const { seq } = rig.run()
  rig.invoker.interrupt(seq)
  await rig.host.atLeast(1)
  t.same(rig.host.commands.map(textOf), ['suspend 1 / 1 / seen 1'])
})

t.test('one that waits, or is not there, is left alone', async (t) => {
  await using rig = await Rig.start({
    script: (exchange) => void exchange.accept(),
    config: { concurrentInvocationsLimit: 1 },
  })
  rig.run()
  const { seq } = rig.run()
  rig.invoker.interrupt(seq)
  rig.invoker.interrupt(seq + 1000)
  t.equal(rig.invoker.queued, 1)
  t.same(rig.host.proposals, [])
})

t.test('a handler that goes on all the same is cut by the abort timeout', async (t) => {
  await using rig = await Rig.start({
    script: (exchange) => {
      exchange.staysOpen = true
      exchange.accept()
    },
    config: { abortTimeoutMs: 50 },
  })
  const { seq } = rig.run()
  rig.invoker.interrupt(seq)
  await rig.host.atLeast(1)
  t.same(rig.host.commands.map(textOf), ['fail 500 RT0001 retry'])
})
