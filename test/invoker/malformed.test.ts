import http2 from 'node:http2'
import t from 'tap'
import { encodeFrame, requestedAckFlag } from '../../src/protocol/frame.ts'
import { MessageType } from '../../src/protocol/message-type.ts'
import { encodeError } from '../../src/protocol/messages/error.ts'
import { encodeOutput } from '../../src/protocol/messages/output.ts'
import { encodeProposeRunCompletion } from '../../src/protocol/messages/propose-run-completion.ts'
import { encodeRun } from '../../src/protocol/messages/run.ts'
import { encodeSleep } from '../../src/protocol/messages/sleep.ts'
import { encodeSuspension } from '../../src/protocol/messages/suspension.ts'
import type { Exchange, Script } from './fake-service.ts'
import { textOf } from './recording-host.ts'
import { Rig } from './rig.ts'

const text = (value: string): Buffer => Buffer.from(value)
const run = encodeRun({ resultCompletionId: 1, name: 'step' })
const proposal = encodeProposeRunCompletion({ resultCompletionId: 1, result: { kind: 'value', value: text('1') } })
const output = encodeOutput({ result: { kind: 'value', value: text('"hi"') }, name: '' })
const endFrame = encodeFrame(MessageType.End, text(''))

const error = (code: number, more: object = {}): Buffer =>
  encodeError({ code, message: 'boom', stacktrace: '', behavior: 'retry', ...more })

const status =
  (code: number, headers: Record<string, string> = {}): Script =>
  ({ stream }) => {
    stream.respond({ ':status': code, ...headers })
    stream.end('no')
  }

const sends =
  (write: (exchange: Exchange) => void): Script =>
  (exchange) => {
    write(exchange.accept())
  }

const later = (action: () => void): void => void setTimeout(action, 30)

const retry500 = (code: string): string => `fail 500 ${code} retry`
const violation = retry500('RT0012')

interface Row {
  readonly name: string
  readonly script: Script
  readonly expected: readonly string[]
  readonly message?: RegExp
  /** The next attempt, in ms from now; the policy's first interval unless given. */
  readonly delayMs?: number
}

const rows: readonly Row[] = [
  {
    name: 'nothing at all',
    script: sends((e) => void e.stream.end()),
    expected: [retry500('RT0007')],
  },
  { name: 'End first', script: sends((e) => e.end()), expected: [violation], message: /End without an Output/ },
  {
    name: 'End after a command, without Output',
    script: sends((e) => e.send(MessageType.Run, run).end()),
    expected: ['append run', violation],
  },
  {
    name: 'Output, then the stream ends without End',
    script: sends((e) => e.output('1').stream.end()),
    expected: ['append output', retry500('RT0007')],
  },
  {
    name: 'two Outputs, both are stored',
    script: sends((e) => e.output('1').output('2').end()),
    expected: ['append output', 'append output', 'end'],
  },
  {
    name: 'bytes after End are ignored',
    script: sends((e) => e.output('1').end().send(MessageType.Run, run).send(0xfc01)),
    expected: ['append output', 'end'],
  },
  { name: 'Start from the service', script: sends((e) => e.send(MessageType.Start)), expected: [violation] },
  {
    name: 'a notification from the service',
    script: sends((e) => e.send(MessageType.RunCompletion, text(''))),
    expected: [violation],
    message: /notification/,
  },
  { name: 'a signal from the service', script: sends((e) => e.send(MessageType.Signal)), expected: [violation] },
  {
    name: 'a CommandAck from the service',
    script: sends((e) => e.send(MessageType.CommandAck)),
    expected: [violation],
  },
  {
    name: 'AwaitingOn, which is of version 7',
    script: sends((e) => e.send(MessageType.AwaitingOn)),
    expected: [violation],
  },
  { name: 'an unknown control message', script: sends((e) => e.send(0x0042)), expected: [violation] },
  { name: 'an unknown command', script: sends((e) => e.send(0x040f)), expected: [violation], message: /0x040f/ },
  { name: 'a custom message', script: sends((e) => e.send(0xfc01)), expected: [violation], message: /0xfc01/ },
  {
    name: 'garbage that reads as a huge length',
    script: sends((e) => e.stream.write('<html><body>hello</body></html>')),
    expected: [retry500('RT0003')],
  },
  {
    name: 'garbage that reads as a short frame',
    script: sends((e) => e.stream.write(Buffer.from('7fff000000000002abcd', 'hex'))),
    expected: [violation],
  },
  {
    name: 'a length at the limit',
    script: sends((e) => e.stream.write(Buffer.from('0401000002040000', 'hex'))),
    expected: [retry500('RT0003')],
    message: /33816576 >= 33816576/,
  },
  {
    name: 'a frame that is cut off',
    script: sends((e) => e.stream.end(Buffer.from('040100000000000501', 'hex'))),
    expected: [retry500('RT0007')],
    message: /middle of a message/,
  },
  {
    name: 'protobuf that is cut off',
    script: sends((e) => e.send(MessageType.Output, Buffer.from('7205', 'hex'))),
    expected: [violation],
    message: /malformed Output/,
  },
  { name: 'an Output without result', script: sends((e) => e.send(MessageType.Output)), expected: [violation] },
  {
    name: 'a proposal without result',
    script: sends((e) =>
      e.send(MessageType.Run, run).send(MessageType.ProposeRunCompletion, Buffer.from('0801', 'hex')),
    ),
    expected: ['append run', violation],
  },
  {
    name: 'a proposal without Run',
    script: sends((e) => e.send(MessageType.ProposeRunCompletion, proposal)),
    expected: ['run 1 value'],
  },
  {
    name: 'two proposals for one id',
    script: sends((e) =>
      e
        .send(MessageType.Run, run)
        .send(MessageType.ProposeRunCompletion, proposal)
        .send(MessageType.ProposeRunCompletion, proposal),
    ),
    expected: ['append run', 'run 1 value', 'run 1 value'],
  },
  {
    name: 'two commands for one completion id',
    script: sends((e) =>
      e
        .send(MessageType.Run, run)
        .send(MessageType.Sleep, encodeSleep({ wakeUpTime: 5, resultCompletionId: 1, name: '' })),
    ),
    expected: ['append run', 'append sleep'],
  },
  { name: 'an empty Suspension', script: sends((e) => e.send(MessageType.Suspension)), expected: [violation] },
  {
    name: 'a Suspension of version 7',
    script: sends((e) =>
      e.send(
        MessageType.Suspension,
        encodeSuspension({
          waitingCompletions: [],
          waitingSignals: [],
          waitingNamedSignals: [],
          awaitingOn: {
            waitingCompletions: [1],
            waitingSignals: [],
            waitingNamedSignals: [],
            nestedFutures: [],
            combinator: 'first-completed',
          },
        }),
      ),
    ),
    expected: [violation],
  },
  {
    name: 'a Suspension',
    script: sends((e) =>
      e.send(
        MessageType.Suspension,
        encodeSuspension({ waitingCompletions: [3], waitingSignals: [1], waitingNamedSignals: ['go'] }),
      ),
    ),
    expected: ['suspend 3 / 1 / go seen 1'],
  },
  {
    name: 'an Error',
    script: sends((e) => e.send(MessageType.Error, error(500))),
    expected: [retry500('RT0007')],
    message: /^boom$/,
  },
  {
    name: 'an Error with a code past 16 bits',
    script: sends((e) => e.send(MessageType.Error, error(70_000))),
    expected: [retry500('RT0007')],
  },
  {
    name: 'a journal mismatch',
    script: sends((e) => e.send(MessageType.Error, error(570))),
    expected: ['fail 570 RT0016 retry'],
  },
  {
    name: 'a protocol violation seen by the SDK',
    script: sends((e) => e.send(MessageType.Error, error(571))),
    expected: ['fail 571 RT0012 retry'],
  },
  {
    name: 'an Error with a delay of its own',
    script: sends((e) => e.send(MessageType.Error, error(500, { nextRetryDelayMs: 1234 }))),
    expected: ['fail 500 RT0007 retry own-delay'],
    delayMs: 1234,
  },
  {
    name: 'an Error that wants a pause',
    script: sends((e) => e.send(MessageType.Error, error(500, { behavior: 'pause' }))),
    expected: ['fail 500 RT0007 pause'],
  },
  {
    name: 'an Error that wants the end',
    script: sends((e) => e.send(MessageType.Error, error(409, { behavior: 'fail' }))),
    expected: ['fail 409 RT0007 kill'],
  },
  {
    name: 'an ack flag is no harm',
    script: sends((e) => e.send(MessageType.Output, output, requestedAckFlag).end()),
    expected: ['append output', 'end'],
  },
  { name: '404', script: status(404), expected: [violation], message: /unexpected http status code 404/ },
  { name: '401', script: status(401), expected: [violation] },
  { name: '500', script: status(500), expected: [violation] },
  { name: '302 is not followed', script: status(302, { location: 'http://127.0.0.1:1/' }), expected: [violation] },
  { name: '413', script: status(413), expected: [retry500('RT0019')] },
  { name: '415', script: status(415), expected: ['fail 415 RT0015 retry infra'] },
  { name: '429', script: status(429), expected: [retry500('RT0023')] },
  {
    name: '429 with Retry-After',
    script: status(429, { 'retry-after': '7' }),
    expected: ['fail 500 RT0023 retry own-delay'],
    delayMs: 7000,
  },
  {
    name: '503 with a date',
    script: status(503, { 'retry-after': new Date(1_003_000).toUTCString() }),
    expected: ['fail 500 RT0023 retry own-delay'],
    delayMs: 2500,
  },
  {
    name: '503 with a Retry-After that is none',
    script: status(503, { 'retry-after': 'soon' }),
    expected: [retry500('RT0023')],
  },
  { name: '502', script: status(502), expected: [retry500('RT0010')] },
  { name: '504', script: status(504), expected: [retry500('RT0010')] },
  {
    name: '200 of a web page',
    script: status(200, { 'content-type': 'text/html' }),
    expected: [violation],
    message: /unexpected content type 'text\/html'/,
  },
  { name: '200 without content type', script: status(200), expected: [violation] },
  {
    name: '200 with a parameter',
    script: status(200, { 'content-type': 'application/vnd.restate.invocation.v6; charset=utf-8' }),
    expected: [violation],
  },
  {
    name: '200 of another version',
    script: status(200, { 'content-type': 'application/vnd.restate.invocation.v5' }),
    expected: [violation],
  },
  {
    name: 'reset before headers',
    script: ({ stream }) => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR),
    expected: [retry500('RT0010')],
  },
  {
    name: 'reset in the middle',
    script: sends((e) => {
      e.output('1')
      later(() => e.stream.destroy(new Error('gone')))
    }),
    expected: ['append output', retry500('RT0010')],
  },
  {
    name: 'the connection dies in the middle',
    script: sends((e) => {
      e.output('1')
      later(() => e.stream.session?.destroy())
    }),
    expected: ['append output', retry500('RT0010')],
  },
  {
    name: 'GOAWAY with an error',
    script: sends((e) => {
      e.output('1')
      later(() => e.stream.session?.goaway(http2.constants.NGHTTP2_INTERNAL_ERROR, 0))
    }),
    expected: ['append output', retry500('RT0010')],
  },
  {
    name: 'frames byte by byte',
    script: async (exchange) => {
      const bytes = Buffer.concat([
        encodeFrame(MessageType.Run, run),
        encodeFrame(MessageType.ProposeRunCompletion, proposal),
        encodeFrame(MessageType.Output, output),
        endFrame,
      ])
      exchange.accept()
      for (const byte of bytes) {
        exchange.stream.write(Buffer.of(byte))
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
    expected: ['append run', 'run 1 value', 'append output', 'end'],
  },
]

t.test('attack 38, 39: what a service may answer, and what follows from it', async (t) => {
  t.jobs = 8
  for (const { name, script, expected, message, delayMs } of rows) {
    t.test(name, async (t) => {
      await using rig = await Rig.start({ script })
      const { seq } = rig.run()
      await rig.host.atLeast(expected.length)
      // Nothing may come after the outcome.
      await new Promise((resolve) => setTimeout(resolve, 20))
      t.same(rig.host.commands.map(textOf), expected)
      for (const command of rig.host.commands) t.equal(command.seq, seq)
      const last = rig.host.commands.at(-1)
      if (last?.type !== 'fail-attempt') return
      t.match(last.failure.message, message ?? /./)
      if (last.outcome.kind === 'retry') t.equal(last.outcome.at - last.now, delayMs ?? 500)
    })
  }
})
