import type { Scenario } from '../scenario.ts'
import { adminRoutes } from './admin-routes.ts'
import { calls } from './calls.ts'
import { callsBetween } from './calls-between.ts'
import { cancel } from './cancel.ts'
import { combinators } from './combinators.ts'
import { deployments } from './deployments.ts'
import { idempotency } from './idempotency.ts'
import { ingress } from './ingress.ts'
import { kill } from './kill.ts'
import { objects } from './objects.ts'
import { pauseResume } from './pause-resume.ts'
import { payloads } from './payloads.ts'
import { requests } from './requests/all.ts'
import { restart } from './restart.ts'
import { results } from './results.ts'
import { retention } from './retention.ts'
import { retries } from './retries.ts'
import { runs } from './runs.ts'
import { sends } from './sends.ts'
import { signals } from './signals.ts'
import { state } from './state.ts'
import { workflows } from './workflows.ts'

export const scenarios: readonly Scenario[] = [
  ...calls,
  ...ingress,
  ...requests,
  ...payloads,
  ...idempotency,
  ...sends,
  ...runs,
  ...retries,
  ...callsBetween,
  ...objects,
  ...state,
  ...workflows,
  ...signals,
  ...combinators,
  ...cancel,
  ...kill,
  ...pauseResume,
  ...restart,
  ...results,
  ...retention,
  ...deployments,
  ...adminRoutes,
]
