import { accessSync, constants, lstatSync, readlinkSync, type Stats } from 'node:fs'
import { dirname, join, parse, resolve } from 'node:path'
import { isOfOthers, isOwnGroup } from './file-owner.ts'

/** As many as Linux follows. */
const maxLinks = 40
const sticky = 0o1000
/** Where a link is no path but what a process has open already, as `/dev/fd/3`: whoever started it has chosen that. */
const descriptors = /^\/proc\/\d+\/fd$/

/**
 * Why others than this process and root could put another file in the place of the one at `path`, and what to do; `undefined` when they
 * cannot. Every directory on the way is looked at, and every symbolic link, as sshd does it for the files of its users: they belong to root or to
 * this process, and nobody else may rename what is in them. Where the sticky bit is set, as in `/tmp` and in what Kubernetes mounts, only owners
 * may. A group may write where it is root's or one of this process: so users have groups of their own, and pods a group of their volumes. What is
 * mounted read-only has no writers, whatever its modes: so are the ConfigMaps of Kubernetes. Throws what `lstat` throws.
 */
export function pathExposureOf(path: string): string | undefined {
  const absolute = resolve(path)
  const { root } = parse(absolute)
  const ahead = namesIn(absolute)
  let directory = root
  let links = 0
  let problem = directoryProblem(root, lstatSync(root))
  while (problem === undefined) {
    const name = ahead.shift()
    if (name === undefined) return undefined
    if (name === '..') {
      directory = dirname(directory)
      continue
    }
    const entry = join(directory, name)
    const stats = lstatSync(entry)
    if (stats.isSymbolicLink()) {
      if (descriptors.test(directory)) return undefined
      links++
      if (links > maxLinks) return `${path} leads through more than ${maxLinks} symbolic links`
      if (isOfOthers(stats)) return `the link ${entry} belongs to another user (uid ${stats.uid}), who can change it`
      const target = readlinkSync(entry)
      if (target.startsWith('/')) directory = root
      ahead.unshift(...namesIn(target))
    } else if (stats.isDirectory()) {
      problem = directoryProblem(entry, stats)
      directory = entry
    }
  }
  return problem
}

function directoryProblem(directory: string, stats: Stats): string | undefined {
  const { mode, uid, gid } = stats
  if (isOfOthers(stats)) {
    return `the directory ${directory} belongs to another user (uid ${uid}), who can replace what is in it. Move the file, or chown the directory`
  }
  const byAll = (mode & 0o002) !== 0
  const byGroup = (mode & 0o020) !== 0 && gid !== 0 && !isOwnGroup(gid)
  if ((mode & sticky) !== 0 || !(byAll || byGroup) || isReadOnly(directory)) return undefined
  const shown = (mode & 0o777).toString(8).padStart(4, '0')
  return byAll
    ? `every user can replace what is in the directory ${directory} (mode ${shown}). Run: chmod o-w ${directory}`
    : `the group ${gid} can replace what is in the directory ${directory} (mode ${shown}). Run: chmod g-w ${directory}`
}

function isReadOnly(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EROFS'
  }
}

function namesIn(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.')
}
