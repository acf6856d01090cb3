import type { Command, Operation, SdkCommand } from '../../src/core/commands/command.ts'
import { decide } from '../../src/core/decide.ts'
import type { DeploymentId, InvocationId, InvocationSeq } from '../../src/core/ids.ts'
import type { Invocation, NewInvocation } from '../../src/core/invocation.ts'
import type { Result } from '../../src/core/journal.ts'
import { noColdState, PartitionState, type StatePolicies } from '../../src/core/state.ts'
import type { Turn } from '../../src/core/turn.ts'
import { versionOf } from '../../src/partition/state-version.ts'

export const deployment = { deploymentId: 'dp_1' as DeploymentId, protocolVersion: 6 }

export const id = (name: string): InvocationId => `inv_${name}` as InvocationId

export const bytes = (text: string): Buffer => Buffer.from(text)

export const value = (text: string): Result => ({ kind: 'value', value: bytes(text) })

export function request(name: string, overrides: Partial<NewInvocation> = {}): NewInvocation {
  return {
    id: id(name),
    target: { service: 'S', serviceType: 'Service', key: undefined, handler: 'h', handlerType: 'Stateless' },
    source: { kind: 'ingress' },
    headers: [['content-type', 'application/json']],
    body: bytes('"in"'),
    idempotencyKey: undefined,
    executionTime: undefined,
    completionRetentionMs: 1000,
    journalRetentionMs: 1000,
    ...overrides,
  }
}

type WithoutTime<T> = T extends unknown ? Omit<T, 'now'> : never

/** A partition's core with a clock of its own, and a short way to say each command. */
export class Bench {
  readonly state: PartitionState
  readonly turns: Turn[] = []
  now = 1_000_000
  /** For histories: names and completion ids that are not used yet. */
  names = 0
  completions = 1

  constructor(policies: Partial<StatePolicies> = {}) {
    this.state = new PartitionState(noColdState, { versionOf, ...policies })
  }

  decide(command: Command): Turn {
    const turn = decide(command, this.state)
    this.turns.push(turn)
    return turn
  }

  invoke(name: string, overrides: Partial<NewInvocation> = {}): Turn {
    return this.decide({ type: 'invoke', now: this.now, invocation: request(name, overrides) })
  }

  append(name: string, entry: SdkCommand, payload = bytes(entry.kind)): Turn {
    return this.decide({ type: 'append-entry', now: this.now, seq: this.seq(name), deployment, payload, entry })
  }

  output(name: string, text: string): Turn {
    const payload = bytes(`..${text}`)
    const entry = { kind: 'output', result: { kind: 'value', value: payload.subarray(2) } } as const
    return this.append(name, entry, payload)
  }

  call(name: string, callee: NewInvocation, ids: [invocationId: number, result: number]): Turn {
    const [invocationIdCompletionId, resultCompletionId] = ids
    return this.append(name, { kind: 'call', invocationIdCompletionId, resultCompletionId, callee })
  }

  proposeRun(name: string, completionId: number, result: Result): Turn {
    return this.decide({ type: 'propose-run', now: this.now, seq: this.seq(name), deployment, completionId, result })
  }

  suspend(name: string, completions: number[]): Turn {
    const { journal, seq } = this.get(name)
    const awaiting = { completions, signals: [1], namedSignals: [], seenEntries: journal.length }
    return this.decide({ type: 'suspend', now: this.now, seq, awaiting })
  }

  end(name: string): Turn {
    return this.decide({ type: 'end', now: this.now, seq: this.seq(name) })
  }

  fail(name: string, outcome: { kind: 'retry'; at: number } | { kind: 'pause' } | { kind: 'kill' }): Turn {
    return this.decide({
      type: 'fail-attempt',
      now: this.now,
      seq: this.seq(name),
      failure: { code: 500, message: 'boom' },
      countsForHandler: true,
      countsForPolicy: true,
      outcome,
    })
  }

  operate(operation: WithoutTime<Operation>): Turn {
    return this.decide({ ...operation, now: this.now } as Operation)
  }

  get(name: string): Invocation {
    const found = this.state.findHot(id(name))
    if (found === undefined) throw new Error(`no invocation ${name}`)
    return found
  }

  seq(name: string): InvocationSeq {
    return this.get(name).seq
  }
}

export const eventTypes = (turn: Turn): string[] => turn.events.map((event) => event.type)

export const effectTypes = (turn: Turn): string[] => turn.effects.map((effect) => effect.type)
