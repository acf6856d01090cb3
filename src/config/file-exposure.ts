import type { Stats } from 'node:fs'
import { getegid, geteuid, getgroups } from 'node:process'

/**
 * Why others than this process could read or replace a file with a secret, and what to do; `undefined` when they cannot.
 * The group may read it where the file is root's and the group one of this process, or root's as well: so Kubernetes and
 * systemd hand out secrets. systemd lets the service in by an ACL, which shows as bits of root's group.
 */
export function exposureOf(file: string, { mode, uid, gid }: Pick<Stats, 'mode' | 'uid' | 'gid'>): string | undefined {
  const me = geteuid?.()
  // Windows has neither owners nor modes of this kind.
  if (me === undefined) return undefined
  if (uid !== me && uid !== 0 && me !== 0) {
    return `it belongs to another user (uid ${uid}); this process is uid ${me}. chown it to that user`
  }
  const groups = [getegid?.(), ...(getgroups?.() ?? [])]
  const isHandedOut = uid === 0 && me !== 0 && (gid === 0 || groups.includes(gid))
  const allowed = isHandedOut ? 0o640 : 0o600
  if ((mode & 0o777 & ~allowed) === 0) return undefined
  return `others than its owner can read or change it (mode ${(mode & 0o777).toString(8).padStart(4, '0')}). Run: chmod 600 ${file}`
}
