import { readdirSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { isOfOthers } from '../config/file-owner.ts'
import { SealingDataExposed } from '../errors/sealing.ts'

/** The node's own directory may be passed through by others, for the sake of Unix sockets in it, and nothing more. */
const beyondPassing = 0o066
const beyondOwner = 0o077

/**
 * Refuses a data directory that other users of the machine own, or can read or change: the directory of the node, what is in it, and what is in
 * `log` and `store`. Who made the directory before the server did would own all that root's server writes into it.
 * Sockets have modes of their own. What does not exist yet is made private later. Windows has no such modes.
 * @throws SealingDataExposed, with the command that mends it
 */
export function checkDataDirectory(directory: string): void {
  if (process.platform === 'win32') return
  const root = look(directory)
  if (root === undefined) return
  check(directory, root, beyondPassing, directory)
  for (const path of entries(directory)) {
    const found = look(path)
    if (found === undefined || found.isSocket()) continue
    check(path, found, beyondOwner, directory)
    if (!found.isDirectory()) continue
    for (const inner of entries(path)) {
      const stats = look(inner)
      if (stats?.isFile() === true) check(inner, stats, beyondOwner, directory)
    }
  }
}

/** What cannot be listed here cannot be opened either, and that error says more. */
function entries(directory: string): string[] {
  try {
    return readdirSync(directory).map((name) => join(directory, name))
  } catch {
    return []
  }
}

/** Files may go away meanwhile: another server may be running here, which only the lock finds out. */
function look(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false })
}

function check(path: string, stats: Stats, forbidden: number, directory: string): void {
  const { mode, uid } = stats
  if (isOfOthers(stats)) {
    throw new SealingDataExposed(
      `${path} belongs to another user (uid ${uid}), and this process is uid ${process.geteuid?.()}. Run it as that user; or, if the data is not ` +
        `his, chown -R ${directory}`,
    )
  }
  if ((mode & forbidden) === 0) return
  const bits = (mode & 0o777).toString(8).padStart(4, '0')
  throw new SealingDataExposed(
    `${path} has mode ${bits}: other users of this machine could read or change what callers and services said. ` +
      `Run: chmod -R go-rwx ${directory}`,
  )
}
