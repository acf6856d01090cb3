import t from 'tap'
import type { DeploymentId } from '../../src/core/ids.ts'
import type { Invocation } from '../../src/core/invocation.ts'
import { Schema } from '../../src/core/schema.ts'
import { ServiceUnreachable } from '../../src/errors/invoker.ts'
import { type AttemptActions, AttemptState, type AttemptTimer } from '../../src/invoker/attempt-state.ts'
import type { Route } from '../../src/invoker/route.ts'
import { requestedAckFlag } from '../../src/protocol/frame.ts'
import { MessageType } from '../../src/protocol/message-type.ts'
import { encodeError } from '../../src/protocol/messages/error.ts'
import { encodeOutput } from '../../src/protocol/messages/output.ts'
import { encodeRun } from '../../src/protocol/messages/run.ts'
import { encodeSuspension } from '../../src/protocol/messages/suspension.ts'
import { contentTypeV6 } from './fake-service.ts'
import { textOf } from './recording-host.ts'
import { defaults, greeterTarget, invocation, retryPolicy } from './samples.ts'

const now = 1_000_000

const route: Route = {
  pinned: { deploymentId: 'dp_1' as DeploymentId, protocolVersion: 6 },
  httpVersion: 'HTTP/2.0',
  origin: 'http://127.0.0.1:1',
  path: '/invoke/Greeter/greet',
  signedPath: '/invoke/Greeter/greet',
  contentType: contentTypeV6,
  additionalHeaders: [],
  isRequestResponse: false,
  inactivityTimeoutMs: 60_000,
  abortTimeoutMs: 600_000,
  retryPolicy,
}

const output = encodeOutput({ result: { kind: 'value', value: Buffer.from('1') }, name: '' })
const noPayload = Buffer.alloc(0)
const suspension = encodeSuspension({ waitingCompletions: [1], waitingSignals: [1], waitingNamedSignals: [] })
const failure = encodeError({ code: 500, message: '', stacktrace: '', behavior: 'retry' })

function timerOf(name: string): AttemptTimer {
  if (name === 'inactivity' || name === 'abort' || name === 'drain') return name
  throw new Error(`no such timer: ${name}`)
}

const run = encodeRun({ resultCompletionId: 1, name: '' })

/** Drives the machine by a script, one event a word, and writes down what it asks for. */
class Transcript {
  readonly lines: string[] = []
  readonly #state: AttemptState
  readonly #durable: (() => void)[] = []
  readonly #events: Readonly<Record<string, (argument: string) => void>> = {
    open: () => this.#state.onOpened(),
    sent: () => this.#state.onSent(),
    headers: (status) => this.#state.onHeaders(Number(status), { 'content-type': contentTypeV6 }, now),
    Run: () => this.#frame(MessageType.Run, run),
    RunWithAck: () => this.#frame(MessageType.Run, run, requestedAckFlag),
    Output: () => this.#frame(MessageType.Output, output),
    End: () => this.#frame(MessageType.End),
    Suspension: () => this.#frame(MessageType.Suspension, suspension),
    Error: () => this.#frame(MessageType.Error, failure),
    Start: () => this.#frame(MessageType.Start),
    notification: (index) => this.#state.onNotification(Number(index)),
    durable: () => this.#durable.shift()?.(),
    timer: (timer) => this.#state.onTimer(timerOf(timer), now),
    'end-of-response': (cutBytes) => this.#state.onResponseEnd(Number(cutBytes), now),
    closed: () => this.#state.onClosed(undefined, now),
    lost: () => this.#state.onClosed(new ServiceUnreachable('lost'), now),
    abort: () => this.#state.onAbort(),
  }

  constructor(more: { route?: Partial<Route>; invocation?: Partial<Invocation>; replayedCommands?: number } = {}) {
    const subject = invocation({ target: greeterTarget, ...more.invocation })
    const ask = (line: string): void => void this.lines.push(line)
    const actions: AttemptActions = {
      sendNotification: (index) => ask(`send ${index}`),
      sendCommandAck: (index) => ask(`ack ${index}`),
      halfClose: () => ask('half-close'),
      reset: () => ask('reset'),
      propose: (command, durable) => {
        ask(textOf(command))
        if (durable !== undefined) this.#durable.push(durable)
      },
      arm: (timer) => {
        // Put off again and again is one line.
        if (this.lines.at(-1) !== `arm ${timer}`) ask(`arm ${timer}`)
      },
      disarm: () => ask('disarm'),
      finish: () => ask('finish'),
    }
    this.#state = new AttemptState(
      {
        invocation: subject,
        route: { ...route, ...more.route },
        replayedCommands: more.replayedCommands ?? 1,
        context: {
          invocation: subject,
          schema: new Schema(),
          retention: defaults,
          idFor: () => {
            throw new Error('no call in these transcripts')
          },
        },
        jitter: () => 0,
      },
      actions,
    )
  }

  /** What is asked for because of these events. */
  play(script: string): string {
    this.lines.length = 0
    for (const event of script.split(' ')) this.#event(event)
    return this.lines.join(', ')
  }

  #event(event: string): void {
    const [name = '', argument = ''] = event.split(':')
    const handle = this.#events[name]
    if (handle === undefined) throw new Error(`no such event: ${name}`)
    handle(argument)
  }

  #frame(type: number, payload: Buffer = noPayload, flags = 0): void {
    this.#state.onActivity()
    this.#state.onFrame(type, flags, payload, now)
  }
}

interface Step {
  readonly play: string
  readonly asks: string
}

const transcripts: { name: string; more?: ConstructorParameters<typeof Transcript>[0]; steps: readonly Step[] }[] = [
  {
    name: 'a call from end to end',
    steps: [
      { play: 'open', asks: 'arm inactivity' },
      { play: 'headers:200 Output', asks: 'arm inactivity, append output' },
      { play: 'End', asks: 'arm inactivity, end, half-close, arm drain' },
      { play: 'end-of-response:0', asks: '' },
      { play: 'closed', asks: 'disarm, finish' },
    ],
  },
  {
    name: 'the response ends before the stream can be closed',
    steps: [
      {
        play: 'open headers:200 Output End',
        asks: 'arm inactivity, append output, arm inactivity, end, half-close, arm drain',
      },
      { play: 'timer:drain', asks: 'reset' },
      { play: 'lost', asks: 'disarm, finish' },
    ],
  },
  {
    name: 'notifications go out as long as the request is open',
    steps: [
      {
        play: 'open notification:3 notification:4',
        asks: 'arm inactivity, send 3, arm inactivity, send 4, arm inactivity',
      },
      { play: 'timer:inactivity', asks: 'half-close, arm abort' },
      { play: 'notification:5', asks: '' },
      { play: 'Run', asks: 'arm abort, append run' },
      { play: 'Suspension', asks: 'arm abort, suspend 1 / 1 /, half-close, arm drain' },
      { play: 'notification:6', asks: '' },
    ],
  },
  {
    name: 'request/response',
    more: { route: { isRequestResponse: true } },
    steps: [
      { play: 'open', asks: 'half-close, arm abort' },
      { play: 'sent', asks: '' },
      { play: 'notification:1 headers:200', asks: 'arm abort' },
      { play: 'timer:inactivity', asks: '' },
      { play: 'Suspension', asks: 'arm abort, suspend 1 / 1 /, half-close, arm drain' },
    ],
  },
  {
    name: 'the abort timeout',
    steps: [
      { play: 'open timer:abort', asks: 'arm inactivity' },
      { play: 'timer:inactivity timer:abort', asks: 'half-close, arm abort, fail 500 RT0001 retry, disarm, reset' },
      { play: 'Output End', asks: '' },
      { play: 'lost', asks: 'disarm, finish' },
    ],
  },
  {
    name: 'acknowledgements name the command, and need an open request',
    more: { replayedCommands: 4 },
    steps: [
      {
        play: 'open headers:200 RunWithAck RunWithAck RunWithAck',
        asks: 'arm inactivity, append run, arm inactivity, append run, arm inactivity, append run',
      },
      { play: 'durable durable', asks: 'ack 4, ack 5' },
      { play: 'timer:inactivity durable', asks: 'half-close, arm abort' },
    ],
  },
  {
    name: 'End is only believed when there is an Output',
    steps: [
      {
        play: 'open headers:200 Run End',
        asks: 'arm inactivity, append run, arm inactivity, fail 500 RT0012 retry, disarm, reset',
      },
    ],
  },
  {
    name: 'an Output of an earlier attempt counts',
    more: { invocation: { output: { kind: 'value', value: Buffer.from('1') } } },
    steps: [{ play: 'open headers:200 End', asks: 'arm inactivity, end, half-close, arm drain' }],
  },
  {
    name: 'a status that is no success is drained, and its body ignored',
    steps: [
      { play: 'open headers:404', asks: 'arm inactivity, fail 500 RT0012 retry, half-close, arm drain' },
      { play: 'Output End end-of-response:0 closed', asks: 'disarm, finish' },
    ],
  },
  {
    name: 'a broken rule is reset at once, and nothing is stored after it',
    steps: [
      { play: 'open headers:200 Start', asks: 'arm inactivity, fail 500 RT0012 retry, disarm, reset' },
      { play: 'Output End notification:1 timer:inactivity timer:abort', asks: '' },
    ],
  },
  {
    name: 'an Error',
    steps: [
      { play: 'open headers:200 Error', asks: 'arm inactivity, fail 500 RT0007 retry, half-close, arm drain' },
      { play: 'Error End end-of-response:0 closed closed', asks: 'disarm, finish' },
    ],
  },
  {
    name: 'the connection is lost',
    steps: [
      {
        play: 'open headers:200 Output lost',
        asks: 'arm inactivity, append output, fail 500 RT0010 retry, disarm, finish',
      },
    ],
  },
  {
    name: 'the response just ends',
    steps: [
      {
        play: 'open headers:200 end-of-response:0',
        asks: 'arm inactivity, fail 500 RT0007 retry, half-close, arm drain',
      },
      { play: 'closed', asks: 'disarm, finish' },
    ],
  },
  {
    name: 'aborted from outside: no outcome, whatever comes',
    steps: [
      { play: 'open headers:200 Output', asks: 'arm inactivity, append output' },
      { play: 'abort', asks: 'disarm, reset' },
      { play: 'Run End Start end-of-response:0 lost', asks: 'disarm, finish' },
      { play: 'abort', asks: '' },
    ],
  },
]

t.test('transcripts', async (t) => {
  for (const { name, more, steps } of transcripts) {
    const transcript = new Transcript(more)
    for (const { play, asks } of steps) t.equal(transcript.play(play), asks, `${name}: ${play}`)
  }
})
