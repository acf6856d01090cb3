import type { ChildProcess } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// What this process starts and writes must not be left behind, however it ends.
const children = new Set<ChildProcess>()
const directories = new Set<string>()

process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

/** Ends this child with the process, if it is still there by then. */
export function endWithProcess(child: ChildProcess): void {
  children.add(child)
  child.once('exit', () => children.delete(child))
}

export interface ScratchDirectory extends AsyncDisposable {
  readonly path: string
}

/** Number of tmpfs in statfs(2). */
const TMPFS = 0x01021994

/** A fresh directory on a real disk; throws where temporary files are in memory, because syncs cost nothing there. */
export async function scratchDirectory(): Promise<ScratchDirectory> {
  const parent = tmpdir()
  if ((await statfs(parent)).type === TMPFS) {
    throw new Error(`${parent} is in memory, where a sync costs nothing: set TMPDIR to a directory on a disk`)
  }
  const path = await mkdtemp(join(parent, 'perdure-bench-'))
  directories.add(path)
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true })
      directories.delete(path)
    },
  }
}
