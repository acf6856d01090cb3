import type { Scenario } from '../../scenario.ts'
import { awakeables } from './awakeables.ts'
import { contents } from './contents.ts'
import { delays } from './delays.ts'
import { failures } from './failures.ts'
import { requestHeaders } from './headers.ts'
import { idempotencyKeys } from './idempotency-keys.ts'
import { keysInPaths } from './keys.ts'
import { routes } from './routes.ts'
import { sizes } from './sizes.ts'
import { states } from './states.ts'
import { targetsAndIds } from './targets.ts'
import { wire } from './wire.ts'

/** Single requests at ingress, whose answers are compared as a whole. */
export const requests: readonly Scenario[] = [
  ...routes,
  ...keysInPaths,
  ...contents,
  ...delays,
  ...idempotencyKeys,
  ...targetsAndIds,
  ...states,
  ...awakeables,
  ...requestHeaders,
  ...failures,
  ...sizes,
  ...wire,
]
