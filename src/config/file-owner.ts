import { readFileSync, type Stats } from 'node:fs'

/** Whether there are owners and modes at all: Windows has none of this kind. */
export const hasOwners = process.geteuid !== undefined

/** The user of this process; `undefined` where there are no owners. */
export function ownUser(): number | undefined {
  return process.geteuid?.()
}

/**
 * Whether a file belongs to a user that is neither root nor the one of this process, and who may change it at any time. A process of root takes
 * files of root alone: those of other users are theirs. In a user namespace (containers without root, sandboxes) nothing tells root of the machine
 * from its other users; that owner passes, because whoever made the namespace chose what is in it.
 */
export function isOfOthers({ uid }: Pick<Stats, 'uid'>): boolean {
  return uid !== 0 && uid !== ownUser() && uid !== outsideUser
}

export function isOwnGroup(gid: number): boolean {
  return gid === process.getegid?.() || process.getgroups?.().includes(gid) === true
}

/** As whom a user namespace shows all owners that are not in it; `undefined` outside of one. */
const outsideUser = outsideUserOf('/proc/self/uid_map', '/proc/sys/kernel/overflowuid')

/** From the two files of Linux (user_namespaces(7)), which others do not have. */
export function outsideUserOf(mapFile: string, overflowFile: string): number | undefined {
  try {
    // All users, each as himself: what there is without a namespace.
    if (/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync(mapFile, 'latin1'))) return undefined
    const user = Number(readFileSync(overflowFile, 'latin1'))
    return Number.isInteger(user) ? user : undefined
  } catch {
    return undefined
  }
}
