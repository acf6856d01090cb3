import { readFileSync } from 'node:fs'
import { SocketGroupUnknown } from '../errors/listen.ts'
import { systemCode } from './listen-on.ts'

const maxGid = 2 ** 32 - 2

/**
 * The number of a group that is given by number or by name. Names are looked up in `groupFile` alone: what only a
 * directory service knows is to be given by number.
 *
 * @param key configuration key, for errors
 * @throws SocketGroupUnknown
 */
export function groupIdOf(group: string, key: string, groupFile = '/etc/group'): number {
  if (/^\d+$/.test(group)) {
    const gid = Number(group)
    if (gid <= maxGid) return gid
    throw new SocketGroupUnknown(`${key}: ${group} is too large for the number of a group`)
  }
  for (const line of linesOf(groupFile, group, key)) {
    // name:password:number:members
    const [name, , gid = ''] = line.split(':')
    if (name === group && /^\d+$/.test(gid)) return Number(gid)
  }
  throw new SocketGroupUnknown(
    `${key}: there is no group ${JSON.stringify(group)} in ${groupFile}; make it, or give its number if it is of a directory service`,
  )
}

function linesOf(groupFile: string, group: string, key: string): readonly string[] {
  try {
    return readFileSync(groupFile, 'utf8').split('\n')
  } catch (error) {
    throw new SocketGroupUnknown(
      `${key}: the group ${JSON.stringify(group)} cannot be looked up, ${groupFile} is not readable (${systemCode(error)}); give its number`,
      { cause: error },
    )
  }
}
