import type { OperationOutcome } from '../../core/commands/command.ts'
import type { InvocationId } from '../../core/ids.ts'
import {
  AdminInvocationNotStarted,
  AdminInvocationState,
  AdminJournalGone,
  AdminNotFound,
  AdminRestartPoint,
  AdminRestartUnsupported,
} from '../../errors/admin.ts'
import type { PerdureError, PerdureErrorConstructor } from '../../errors/perdure-error.ts'

/** What operators can do to an invocation, as the last segment of the path names it. */
export type OperationName = 'cancel' | 'kill' | 'purge' | 'purge-journal' | 'pause' | 'resume' | 'restart-as-new'

export type RefusedOutcome = Exclude<OperationOutcome, 'done' | 'requested'>

/** Why an operation was not done. */
export interface Refusal {
  readonly error: PerdureError
  /** The text of a batch, which has no statuses. */
  readonly inBatch: string
}

/** What an outcome means after this operation. Statuses and texts are those of the admin API 1.7.12. */
export function refusalOf(operation: OperationName, outcome: RefusedOutcome, id: InvocationId): Refusal {
  const refuse = OF_OPERATION[operation]?.[outcome] ?? OF_ALL[outcome]
  return refuse(id)
}

type Refuse = (id: InvocationId) => Refusal

/** Of texts that say something about the invocation, a batch drops the article and the full stop. */
function about(Reason: PerdureErrorConstructor, predicate: string): Refuse {
  return (id) => ({
    error: new Reason(`The invocation '${id}' ${predicate}.`),
    inBatch: `Invocation '${id}' ${predicate}`,
  })
}

function saying(Reason: PerdureErrorConstructor, text: (id: InvocationId) => string, inBatch = text): Refuse {
  return (id) => ({ error: new Reason(text(id)), inBatch: inBatch(id) })
}

const notYetCompleted = about(AdminInvocationState, 'is not yet completed')
const stillRunning = about(AdminInvocationState, 'is still running')
const notRunning = about(AdminInvocationState, 'is not running, cannot be paused')
const deploymentFixed = about(
  AdminInvocationState,
  'is still running or the deployment id is not pinned yet, deployment id cannot be changed',
)
const restartUnsupported = saying(
  AdminRestartUnsupported,
  (id) =>
    `Restarting the invocation '${id}' is not supported. Restarting workflows is not supported, and restarting invocations created using the old service protocol.`,
  (id) => `Restarting invocation '${id}' is not supported`,
)

const OF_ALL: Readonly<Record<RefusedOutcome, Refuse>> = {
  'not-found': saying(
    AdminNotFound,
    (id) => `The requested invocation '${id}' does not exist`,
    (id) => `Invocation '${id}' not found`,
  ),
  'already-completed': about(AdminInvocationState, 'was already completed'),
  'not-completed': notYetCompleted,
  'not-started': about(AdminInvocationNotStarted, 'is either inboxed or scheduled'),
  'not-running': notRunning,
  'still-running': stillRunning,
  'not-pinned': deploymentFixed,
  'journal-gone': about(
    AdminJournalGone,
    'cannot be restarted because the input is not available. This indicates that the journal was already purged, or not retained at all',
  ),
  workflow: restartUnsupported,
  'old-protocol': restartUnsupported,
  'bad-index': saying(
    AdminRestartPoint,
    (id) => `The given index is out of range of currently stored journal for invocation '${id}'.`,
  ),
  'open-commands': saying(
    AdminRestartPoint,
    (id) =>
      `The prefix of the journal '${id}' up to 'from' (included) contains some Commands without respective Completions.`,
  ),
}

const purgeRefusals = {
  'not-started': notYetCompleted,
  'still-running': notYetCompleted,
} as const

const OF_OPERATION: Readonly<Partial<Record<OperationName, Readonly<Partial<Record<RefusedOutcome, Refuse>>>>>> = {
  purge: purgeRefusals,
  'purge-journal': purgeRefusals,
  pause: {
    'already-completed': notRunning,
    'not-started': notRunning,
  },
  resume: {
    'already-completed': about(AdminInvocationState, 'is completed, cannot be resumed'),
    'not-started': about(AdminInvocationNotStarted, 'is either inboxed or scheduled, cannot be resumed'),
    'still-running': deploymentFixed,
  },
  'restart-as-new': {
    'not-started': about(AdminInvocationNotStarted, "cannot be restarted because it's not running yet"),
    'not-completed': stillRunning,
    'not-pinned': restartUnsupported,
  },
}
