import { INGRESS_DOOR } from './ingress-door.ts'
import type { ApiVersion } from './operation.ts'

const versionPrefix = /^\/v([234])(?=\/)/

/**
 * The target that is routed for one as it came. Every route exists under each version, and without one; it is routed
 * without, since four routes for each would take a sixth of a start. Everything below the door is one route.
 */
export function adminTarget(target: string): string {
  if (isBelow(target, INGRESS_DOOR)) return INGRESS_DOOR
  const routed = target.replace(versionPrefix, '')
  // The door has no versions, and no version has another inside.
  return isBelow(routed, INGRESS_DOOR) || isBelow(routed, '/v1') ? target : routed
}

/** The version that a target, as it came, asks for. */
export function apiVersionOf(target: string): ApiVersion | undefined {
  switch (versionPrefix.exec(target)?.[1]) {
    case '2':
      return 2
    case '3':
      return 3
    case '4':
      return 4
    default:
      return undefined
  }
}

function isBelow(target: string, path: string): boolean {
  if (!target.startsWith(path)) return false
  const next = target[path.length]
  return next === undefined || next === '/' || next === '?'
}
