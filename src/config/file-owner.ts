import type { Stats } from 'node:fs'
import { getegid, geteuid, getgroups } from 'node:process'

/** Whether there are owners and modes at all: Windows has none of this kind. */
export const hasOwners = geteuid !== undefined

/**
 * Whether a file belongs to a user that is neither root nor the one of this process, and who may change it at any time. A process of root takes
 * files of root alone: those of other users are theirs.
 */
export function isOfOthers({ uid }: Pick<Stats, 'uid'>): boolean {
  return uid !== 0 && uid !== geteuid?.()
}

export function isOwnGroup(gid: number): boolean {
  return gid === getegid?.() || getgroups?.().includes(gid) === true
}
