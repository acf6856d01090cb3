import { IngressBadLimitKey, IngressBadScope } from '../errors/ingress.ts'

// Both are 1 to 36 bytes of this set, on each level (Restate 1.7.12, ingress).
const maxLength = 36
const allowed = /^[a-zA-Z0-9_.-]+$/

/** Throws for every scope: a bad one for what is wrong with it, a good one because scopes are not supported. */
export function refuseScope(scope: string): never {
  const problem = problemOf(scope)
  throw new IngressBadScope(
    problem === undefined ? 'scoped invocations are not supported' : `bad scope value: ${problem}`,
  )
}

/** Checks a limit key (`level` or `level1/level2`); without a scope, which is always here, only the empty one is good. */
export function checkLimitKey(limitKey: string): void {
  if (limitKey === '') return
  const levels = limitKey.split('/')
  // One slash at the end is forgiven.
  if (levels.length > 1 && levels.at(-1) === '') levels.pop()
  if (levels.length > 2) throw new IngressBadLimitKey('invalid limit key: it has more than two levels')
  for (const level of levels) {
    const problem = problemOf(level)
    if (problem !== undefined) throw new IngressBadLimitKey(`invalid limit key: ${problem}`)
  }
  throw new IngressBadLimitKey('a limit key needs a scope')
}

function problemOf(value: string): string | undefined {
  if (value === '') return 'it is empty'
  const bytes = Buffer.byteLength(value)
  if (bytes > maxLength) return `it has ${bytes} bytes, more than ${maxLength}`
  return allowed.test(value) ? undefined : 'it has characters other than [a-zA-Z0-9_.-]'
}
