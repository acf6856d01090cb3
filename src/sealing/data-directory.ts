import { readdirSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { SealingDataExposed } from '../errors/sealing.ts'

/** The node's own directory may be passed through by others, for the sake of Unix sockets in it, and nothing more. */
const beyondPassing = 0o066
const beyondOwner = 0o077

/**
 * Refuses a data directory that other users of the machine can read or change: the directory of the node, what is in it, and what is in
 * `log` and `store`. Sockets have modes of their own. What does not exist yet is made private later. Windows has no such modes.
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

function check(path: string, { mode }: Stats, forbidden: number, directory: string): void {
  if ((mode & forbidden) === 0) return
  const bits = (mode & 0o777).toString(8).padStart(4, '0')
  throw new SealingDataExposed(
    `${path} has mode ${bits}: other users of this machine could read or change what callers and services said. ` +
      `Run: chmod -R go-rwx ${directory}`,
  )
}
