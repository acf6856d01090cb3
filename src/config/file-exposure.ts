import type { Stats } from 'node:fs'
import { hasOwners, isOfOthers, isOwnGroup, ownUser } from './file-owner.ts'
import { pathExposureOf } from './path-exposure.ts'

type Owned = Pick<Stats, 'mode' | 'uid' | 'gid'>

/**
 * Why others than this process could read or replace a file with a secret, and what to do; `undefined` when they cannot.
 * The group may read it where the file is root's and the group one of this process, or root's as well: so Kubernetes and
 * systemd hand out secrets. systemd lets the service in by an ACL, which shows as bits of root's group. The directories on the way count as well,
 * see `pathExposureOf`, and throw what it throws.
 */
export function exposureOf(file: string, stats: Owned): string | undefined {
  if (!hasOwners) return undefined
  const { mode, uid, gid } = stats
  if (isOfOthers(stats)) return ofAnotherUser(stats)
  const me = ownUser()
  const isHandedOut = uid === 0 && me !== 0 && (gid === 0 || isOwnGroup(gid))
  const allowed = isHandedOut ? 0o640 : 0o600
  if ((mode & 0o777 & ~allowed) === 0) return pathExposureOf(file)
  return `others than its owner can read or change it (mode ${shown(mode)}). Run: chmod 600 ${file}`
}

/**
 * The same for a file that is no secret, but says whom to trust: who could change it, whoever may read it.
 */
export function changeabilityOf(file: string, stats: Owned): string | undefined {
  if (!hasOwners) return undefined
  const { mode, gid } = stats
  if (isOfOthers(stats)) return ofAnotherUser(stats)
  if ((mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0 && !isOwnGroup(gid))) {
    return `others than its owner can change it (mode ${shown(mode)}). Run: chmod go-w ${file}`
  }
  return pathExposureOf(file)
}

function ofAnotherUser({ uid }: Owned): string {
  const me = ownUser()
  return `it belongs to another user (uid ${uid}), who could change it. chown it to uid ${me}${me === 0 ? '' : ' or to root'}, or run this as its owner`
}

function shown(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0')
}
