import fc from 'fast-check'
import type { SdkCommand } from '../../src/core/commands/command.ts'
import { EntryType } from '../../src/core/entry-type.ts'
import type { Invocation, InvocationTarget, NewInvocation } from '../../src/core/invocation.ts'
import { type Bench, bytes, id, request, value } from './fixtures.ts'

/** What may happen next, in general terms; `pick` chooses among what exists, `n` varies the rest. */
export type Step = { readonly kind: string; readonly pick: number; readonly n: number }

type Act = (bench: Bench, invocation: Invocation, n: number) => void

const named = (invocation: Invocation): string => invocation.id.slice(4)

const object = (key: string, handlerType: 'Exclusive' | 'Shared' = 'Exclusive'): Partial<NewInvocation> => ({
  target: { service: 'O', serviceType: 'VirtualObject', key, handler: 'h', handlerType },
})

const workflow = (key: string, handlerType: 'Workflow' | 'Shared' = 'Workflow'): Partial<NewInvocation> => {
  const target: InvocationTarget = { service: 'W', serviceType: 'Workflow', key, handler: 'run', handlerType }
  return { target }
}

/** Anything that a handler may call: plain, keyed by idempotency, an object, a workflow. */
function callee(bench: Bench, n: number): NewInvocation {
  const fresh = `c${bench.names++}`
  const choices = [
    request(fresh),
    request(`k${n}`, { idempotencyKey: `k${n}` }),
    request(fresh, object(`o${n % 2}`)),
    request(`w${n % 2}`, workflow(`w${n % 2}`)),
    request(fresh, object('o0', 'Shared')),
    request(fresh, { executionTime: bench.now + 20 }),
  ]
  return choices[n] ?? request(fresh)
}

const keyed =
  (act: Act): Act =>
  (bench, invocation, n) => {
    if (invocation.target.key !== undefined) act(bench, invocation, n)
  }

const inWorkflow =
  (act: Act): Act =>
  (bench, invocation, n) => {
    if (invocation.target.serviceType === 'Workflow') act(bench, invocation, n)
  }

const append =
  (command: (bench: Bench, n: number) => SdkCommand): Act =>
  (bench, invocation, n) => {
    bench.append(named(invocation), command(bench, n))
  }

const someId = (bench: Bench, n: number) => {
  const all = [...bench.state.hot()]
  return all[n % Math.max(1, all.length)]?.id ?? id('nobody')
}

/** What happens without a running invocation. */
const world: Readonly<Record<string, (bench: Bench, pick: number, n: number) => void>> = {
  invoke: (bench) => bench.invoke(`i${bench.names++}`),
  'invoke-keyed': (bench, _pick, n) => bench.invoke(`k${n}`, { idempotencyKey: `k${n}`, journalRetentionMs: 10 * n }),
  'invoke-object': (bench, _pick, n) => bench.invoke(`o${bench.names++}`, object(`o${n % 2}`)),
  'invoke-shared': (bench, _pick, n) => bench.invoke(`s${bench.names++}`, object(`o${n % 2}`, 'Shared')),
  'invoke-workflow': (bench, _pick, n) => bench.invoke(`w${n % 2}`, workflow(`w${n % 2}`)),
  'invoke-workflow-shared': (bench, _pick, n) => bench.invoke(`x${bench.names++}`, workflow(`w${n % 2}`, 'Shared')),
  'invoke-object-later': (bench, _pick, n) =>
    bench.invoke(`l${bench.names++}`, { ...object(`o${n % 2}`), executionTime: bench.now + n * 10 }),
  delay: (bench, _pick, n) => bench.invoke(`d${bench.names++}`, { executionTime: bench.now + n * 10 }),
  time: (bench, _pick, n) => {
    bench.now += n * 50
  },
  timers: (bench) => {
    for (const timer of dueTimers(bench)) bench.decide({ type: 'fire-timer', now: bench.now, timer })
  },
  sweep: (bench) => {
    bench.decide({ type: 'expire', now: bench.now, seqs: [...bench.state.hot()].map((i) => i.seq) })
  },
  signal: (bench, pick, n) => {
    const signal = {
      target: someId(bench, pick),
      key: { kind: 'signal', index: 17 + n },
      result: value(`s${n}`),
    } as const
    bench.decide({ type: 'deliver-signal', now: bench.now, signal })
  },
  'cancel-any': (bench, pick) => bench.operate({ type: 'cancel', id: someId(bench, pick) }),
  'kill-any': (bench, pick) => bench.operate({ type: 'kill', id: someId(bench, pick) }),
  'pause-any': (bench, pick) => bench.operate({ type: 'pause', id: someId(bench, pick) }),
  'resume-any': (bench, pick) => bench.operate({ type: 'resume', id: someId(bench, pick), deployment: 'keep' }),
  'purge-any': (bench, pick, n) =>
    bench.operate({ type: 'purge', id: someId(bench, pick), what: n < 3 ? 'all' : 'journal' }),
  'restart-any': (bench, pick, n) =>
    bench.operate({
      type: 'restart-as-new',
      id: someId(bench, pick),
      newId: id(`r${bench.names++}`),
      from: n,
      deployment: 'keep',
    }),
  mutate: (bench, _pick, n) => {
    const state = [[bytes('m'), bytes(`${n}`)]] as const
    const version = n === 5 ? 'no such version' : undefined
    bench.decide({ type: 'mutate-state', now: bench.now, service: 'O', key: `o${n % 2}`, version, state })
  },
}

/** What a running handler does. */
const handler: Readonly<Record<string, Act>> = {
  run: append((bench) => ({ kind: 'run', completionId: bench.completions++, name: 'r' })),
  propose: (bench, invocation, n) => bench.proposeRun(named(invocation), n + 1, value(`p${n}`)),
  sleep: append((bench, n) => ({ kind: 'sleep', completionId: bench.completions++, wakeUpAt: bench.now + n * 20 })),
  call: (bench, invocation, n) => {
    bench.call(named(invocation), callee(bench, n), [bench.completions++, bench.completions++])
  },
  send: append((bench, n) => ({
    kind: 'one-way-call',
    invocationIdCompletionId: bench.completions++,
    callee: callee(bench, n),
  })),
  attach: append((bench, n) => ({ kind: 'attach', completionId: bench.completions++, target: someId(bench, n) })),
  'get-output': append((bench, n) => ({
    kind: 'get-output',
    completionId: bench.completions++,
    target: someId(bench, n),
  })),
  'send-signal': append((bench, n) => ({
    kind: 'send-signal',
    entryType: EntryType.SendSignal,
    signal: {
      target: someId(bench, n),
      key: n === 0 ? { kind: 'signal', index: 1 } : { kind: 'named-signal', name: `n${n}` },
      result: { kind: 'void' },
    },
  })),
  'set-state': keyed(append((_bench, n) => ({ kind: 'set-state', key: bytes(`k${n}`), value: bytes(`v${n}`) }))),
  'clear-state': keyed(append((_bench, n) => ({ kind: 'clear-state', key: bytes(`k${n}`) }))),
  'clear-all': keyed(append(() => ({ kind: 'clear-all-state' }))),
  'get-state': keyed(
    append((bench, n) => ({ kind: 'get-state', completionId: bench.completions++, key: bytes(`k${n}`) })),
  ),
  'state-keys': keyed(append((bench) => ({ kind: 'get-state-keys', completionId: bench.completions++ }))),
  'get-promise': inWorkflow(
    append((bench, n) => ({ kind: 'get-promise', completionId: bench.completions++, name: `p${n}` })),
  ),
  'peek-promise': inWorkflow(
    append((bench, n) => ({ kind: 'peek-promise', completionId: bench.completions++, name: `p${n}` })),
  ),
  'complete-promise': inWorkflow(
    append((bench, n) => ({
      kind: 'complete-promise',
      completionId: bench.completions++,
      name: `p${n}`,
      result: value(`${n}`),
    })),
  ),
  suspend: (bench, invocation, n) => bench.suspend(named(invocation), [n + 1, bench.completions++]),
  output: (bench, invocation, n) => bench.output(named(invocation), `o${n}`),
  end: (bench, invocation) => {
    if (invocation.output !== undefined) bench.end(named(invocation))
  },
  fail: (bench, invocation, n) => bench.fail(named(invocation), { kind: 'retry', at: bench.now + n * 10 }),
  'use-up': (bench, invocation) => bench.fail(named(invocation), { kind: 'pause' }),
  'use-up-and-kill': (bench, invocation) => bench.fail(named(invocation), { kind: 'kill' }),
}

/** A random history of a partition, as steps. Endings are as frequent as beginnings, so that keys change hands. */
export const steps = fc.array(
  fc.record({
    kind: fc.constantFrom(...Object.keys(world), ...Object.keys(handler), 'output', 'end', 'output', 'end', 'end'),
    pick: fc.nat(1000),
    n: fc.nat(5),
  }),
  { maxLength: 150 },
)

/** Runs steps on a bench, only such as an SDK and the partition could send. */
export function run(bench: Bench, list: readonly Step[]): void {
  for (const { kind, pick, n } of list) {
    const happen = world[kind]
    if (happen !== undefined) {
      happen(bench, pick, n)
      continue
    }
    const active = [...bench.state.hot()].filter((i) => i.status === 'invoked')
    const invocation = active[pick % Math.max(1, active.length)]
    if (invocation !== undefined) handler[kind]?.(bench, invocation, n)
  }
}

function dueTimers(bench: Bench) {
  return bench.turns
    .flatMap((turn) => turn.effects)
    .flatMap((effect) => (effect.type === 'arm-timer' && effect.timer.at <= bench.now ? [effect.timer] : []))
}
