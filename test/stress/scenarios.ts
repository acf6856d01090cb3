import type { Scenario } from './scenario.ts'
import { awakeables } from './scenarios/awakeables.ts'
import { largePayload } from './scenarios/large-payload.ts'
import { longJournal } from './scenarios/long-journal.ts'
import { queuedKeys } from './scenarios/queued-keys.ts'
import { timerPrecision } from './scenarios/timer-precision.ts'
import { timers } from './scenarios/timers.ts'

export const scenarios: readonly Scenario[] = [
  timerPrecision,
  longJournal,
  largePayload,
  awakeables,
  queuedKeys,
  timers,
]
