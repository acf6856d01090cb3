import fc from 'fast-check'
import { type Bench, request, value } from './fixtures.ts'

/** What may happen next, in general terms; `pick` chooses among what exists. */
export type Step = { readonly kind: string; readonly pick: number; readonly n: number }

/** A random history of a partition, as steps. */
export const steps = fc.array(
  fc.record({
    kind: fc.constantFrom(
      'invoke',
      'invoke-keyed',
      'delay',
      'run',
      'propose',
      'sleep',
      'call',
      'send',
      'suspend',
      'output',
      'end',
      'fail',
      'pause',
      'kill',
      'timers',
      'sweep',
      'time',
    ),
    pick: fc.nat(1000),
    n: fc.nat(5),
  }),
  { maxLength: 120 },
)

/** Runs steps on a bench, only such as an SDK and the partition could send. */
export function run(bench: Bench, list: readonly Step[]): void {
  for (const { kind, pick, n } of list) {
    const active = [...bench.state.hot()].filter((i) => i.status === 'invoked')
    const one = active[pick % Math.max(1, active.length)]
    const name = one?.id.slice(4) ?? ''
    switch (kind) {
      case 'invoke':
        bench.invoke(`i${bench.names++}`)
        break
      case 'invoke-keyed':
        bench.invoke(`k${n}`, { idempotencyKey: `k${n}`, journalRetentionMs: 10 * n })
        break
      case 'delay':
        bench.invoke(`d${bench.names++}`, { executionTime: bench.now + n * 10 })
        break
      case 'time':
        bench.now += n * 50
        break
      case 'timers':
        for (const timer of dueTimers(bench)) bench.decide({ type: 'fire-timer', now: bench.now, timer })
        break
      case 'sweep':
        bench.decide({ type: 'expire', now: bench.now, seqs: [...bench.state.hot()].map((i) => i.seq) })
        break
      default:
        if (one === undefined) break
        act(
          bench,
          kind,
          name,
          n,
          () => bench.completions++,
          () => bench.names++,
        )
    }
  }
}

function act(bench: Bench, kind: string, name: string, n: number, completion: () => number, count: () => number): void {
  switch (kind) {
    case 'run':
      bench.append(name, { kind: 'run', completionId: completion(), name: 'r' })
      break
    case 'propose':
      bench.proposeRun(name, n + 1, value(`p${n}`))
      break
    case 'sleep':
      bench.append(name, { kind: 'sleep', completionId: completion(), wakeUpAt: bench.now + n * 20 })
      break
    case 'call':
      bench.call(name, n < 3 ? request(`k${n}`, { idempotencyKey: `k${n}` }) : request(`c${count()}`), [
        completion(),
        completion(),
      ])
      break
    case 'send':
      bench.append(name, {
        kind: 'one-way-call',
        invocationIdCompletionId: completion(),
        callee: request(`s${count()}`, n === 0 ? {} : { executionTime: bench.now + n * 10 }),
      })
      break
    case 'suspend':
      bench.suspend(name, [n + 1, completion()])
      break
    case 'output':
      bench.output(name, `o${n}`)
      break
    case 'end':
      if (bench.get(name).output !== undefined) bench.end(name)
      break
    case 'fail':
      bench.fail(name, { kind: 'retry', at: bench.now + n * 10 })
      break
    case 'pause':
      bench.fail(name, { kind: 'pause' })
      break
    case 'kill':
      bench.fail(name, { kind: 'kill' })
  }
}

function dueTimers(bench: Bench) {
  return bench.turns
    .flatMap((turn) => turn.effects)
    .flatMap((effect) => (effect.type === 'arm-timer' && effect.timer.at <= bench.now ? [effect.timer] : []))
}
