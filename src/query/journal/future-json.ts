import type { AwaitedFuture, Awaiting } from '../../core/journal.ts'

/** The peer's words for how the children make up the outcome. */
const combinators: Readonly<Record<AwaitedFuture['combinator'], string>> = {
  unknown: 'Unknown',
  'first-completed': 'FirstCompleted',
  'all-completed': 'AllCompleted',
  'first-succeeded-or-all-failed': 'FirstSucceededOrAllFailed',
  'all-succeeded-or-first-failed': 'AllSucceededOrFirstFailed',
}

/** What is waited for as the peer writes it: a tree under protocol V7, before that a list of what may wake the invocation. */
export function futureJson({ completions, signals, namedSignals, future }: Awaiting): Record<string, unknown> {
  return future === undefined ? { Unknown: leaves(completions, signals, namedSignals) } : treeJson(future)
}

function treeJson(future: AwaitedFuture): Record<string, unknown> {
  const { waitingCompletions, waitingSignals, waitingNamedSignals, nestedFutures, combinator } = future
  const children: unknown[] = leaves(waitingCompletions, waitingSignals, waitingNamedSignals)
  for (const nested of nestedFutures) children.push(treeJson(nested))
  return { [combinators[combinator]]: children }
}

function leaves(completions: readonly number[], signals: readonly number[], namedSignals: readonly string[]) {
  const single = (id: unknown) => ({ Single: id })
  return [
    ...completions.map((id) => single({ CompletionId: id })),
    ...signals.map((index) => single({ SignalIndex: index })),
    ...namedSignals.map((name) => single({ SignalName: name })),
  ]
}
