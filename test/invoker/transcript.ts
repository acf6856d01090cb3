import type { Test } from 'tap'
import type { DeploymentId } from '../../src/core/ids.ts'
import type { Invocation } from '../../src/core/invocation.ts'
import type { JournalEntry, Result } from '../../src/core/journal.ts'
import { Schema } from '../../src/core/schema.ts'
import { ServiceUnreachable } from '../../src/errors/invoker.ts'
import { type AttemptActions, AttemptState, type AttemptTimer } from '../../src/invoker/attempt-state.ts'
import { JournalSize } from '../../src/invoker/journal-size.ts'
import type { Route } from '../../src/invoker/route.ts'
import { requestedAckFlag } from '../../src/protocol/frame.ts'
import { MessageType } from '../../src/protocol/message-type.ts'
import { encodeAwaitingOn } from '../../src/protocol/messages/awaiting-on.ts'
import { encodeError } from '../../src/protocol/messages/error.ts'
import { encodeOutput } from '../../src/protocol/messages/output.ts'
import { encodeProposeRunCompletion } from '../../src/protocol/messages/propose-run-completion.ts'
import { encodeRun } from '../../src/protocol/messages/run.ts'
import { encodeSuspension } from '../../src/protocol/messages/suspension.ts'
import type { Future } from '../../src/protocol/values/future.ts'
import { contentTypeV6 } from './fake-service.ts'
import { textOf } from './recording-host.ts'
import { defaults, greeterTarget, inputEntry, invocation, retryPolicy, runCompletion, runEntry } from './samples.ts'

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
  eagerStateSizeLimitBytes: 0,
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
const proposal = encodeProposeRunCompletion({
  resultCompletionId: 1,
  result: { kind: 'value', value: Buffer.from('42') },
})

const largeRun = encodeRun({ resultCompletionId: 1, name: 'x'.repeat(5000) })

const lists = { waitingCompletions: [], waitingSignals: [], waitingNamedSignals: [] }

function futureOf(more: Partial<Future>): Future {
  return { ...lists, nestedFutures: [], combinator: 'unknown', ...more }
}

function nested(depth: number): Future {
  const leaf = futureOf({ waitingCompletions: [1], combinator: 'first-completed' })
  return depth === 1 ? leaf : futureOf({ nestedFutures: [nested(depth - 1)] })
}

const tree = futureOf({
  waitingSignals: [1],
  combinator: 'first-completed',
  nestedFutures: [
    futureOf({ waitingCompletions: [3, 4], combinator: 'all-completed', waitingNamedSignals: ['go'] }),
    futureOf({ waitingCompletions: [4, 5], nestedFutures: [futureOf({ waitingSignals: [1, 17] })] }),
  ],
})

export const v7 = { pinned: { ...route.pinned, protocolVersion: 7 } }

/** Drives the machine by a script, one event a word, and writes down what it asks for. */
export class Transcript {
  readonly lines: string[] = []
  readonly #state: AttemptState
  readonly #journal: JournalEntry[]
  #proposed: Result | undefined
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
    Propose: () => this.#frame(MessageType.ProposeRunCompletion, proposal),
    ProposeWithAck: () => this.#frame(MessageType.ProposeRunCompletion, proposal, requestedAckFlag),
    AwaitingOn: (depth) =>
      this.#frame(
        MessageType.AwaitingOn,
        encodeAwaitingOn({ awaitingOn: nested(Number(depth)), executingSideEffects: true }),
      ),
    BadAwaitingOn: () => this.#frame(MessageType.AwaitingOn, Buffer.from('0aff', 'hex')),
    Tree: () => this.#frame(MessageType.Suspension, encodeSuspension({ ...lists, awaitingOn: tree })),
    DeepTree: (depth) =>
      this.#frame(MessageType.Suspension, encodeSuspension({ ...lists, awaitingOn: nested(Number(depth)) })),
    BareTree: () => this.#frame(MessageType.Suspension, encodeSuspension({ ...lists, awaitingOn: futureOf({}) })),
    LargeRun: () => this.#frame(MessageType.Run, largeRun),
    storedLarge: () => this.#store({ ...runEntry, payload: largeRun }),
    interrupt: () => this.#state.onInterrupt(),
    // The core has stored the first proposal, or another result for its id, or just something.
    stored: () => this.#store({ ...runCompletion, result: this.#proposed ?? runCompletion.result }),
    storedOther: () => this.#store(runCompletion),
    grown: (entries) => {
      for (let n = 0; n < Number(entries); n++) this.#store(runEntry)
    },
    notification: (index) => this.#state.onNotification(Number(index)),
    durable: () => this.#durable.shift()?.(),
    timer: (timer) => this.#state.onTimer(timerOf(timer), now),
    'end-of-response': (cutBytes) => this.#state.onResponseEnd(Number(cutBytes), now),
    closed: () => this.#state.onClosed(undefined, now),
    lost: () => this.#state.onClosed(new ServiceUnreachable('lost'), now),
    abort: () => this.#state.onAbort(),
  }

  constructor(
    more: { route?: Partial<Route>; invocation?: Partial<Invocation>; journal?: readonly JournalEntry[] } = {},
  ) {
    const subject = invocation({
      target: greeterTarget,
      ...more.invocation,
      journal: [...(more.journal ?? [inputEntry])],
    })
    this.#journal = subject.journal
    const ask = (line: string): void => void this.lines.push(line)
    const actions: AttemptActions = {
      sendNotification: (index) => ask(`send ${index}`),
      sendCommandAck: (index) => ask(`ack ${index}`),
      sendRunAck: (completionId) => ask(`run-ack ${completionId}`),
      halfClose: () => ask('half-close'),
      reset: () => ask('reset'),
      propose: (command, durable) => {
        ask(textOf(command))
        if (command.type === 'propose-run') this.#proposed ??= command.result
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
        journalSize: new JournalSize(subject, subject.journal.length),
        journalLimits: { length: 10, bytes: 10_000, futureDepth: 900 },
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

  #store(entry: JournalEntry): void {
    this.#journal.push(entry)
  }

  #frame(type: number, payload: Buffer = noPayload, flags = 0): void {
    this.#state.onChunk(payload, now)
    this.#state.onFrame(type, flags, payload, now)
  }
}

export interface Step {
  readonly play: string
  readonly asks: string
}

export interface Case {
  readonly name: string
  readonly more?: ConstructorParameters<typeof Transcript>[0]
  readonly steps: readonly Step[]
}

export function playAll(t: Test, cases: readonly Case[]): void {
  for (const { name, more, steps } of cases) {
    const transcript = new Transcript(more)
    for (const { play, asks } of steps) t.equal(transcript.play(play), asks, `${name}: ${play}`)
  }
}
