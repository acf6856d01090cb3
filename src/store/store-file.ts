import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { StoreFailed } from '../errors/store.ts'

/**
 * Makes the directory of the store and an empty file in it, both for the owner alone, and both on disk for good: the log gives up
 * what the store has, so after a power failure the store must still have its name. What exists is not even opened.
 * @throws StoreFailed
 */
export function makeStoreFile(directory: string): string {
  const file = join(directory, 'store.sqlite')
  try {
    const firstMade = mkdirSync(directory, { recursive: true, mode: 0o700 })
    // SQLite would create it readable for all, and gives the files beside it the mode of this one.
    if (createEmpty(file)) syncDirectory(directory)
    if (firstMade === undefined) return file
    for (let made = resolve(directory); made !== dirname(firstMade); made = dirname(made)) syncDirectory(dirname(made))
    return file
  } catch (error) {
    throw new StoreFailed(`The store ${file} cannot be created: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    })
  }
}

/** Makes creations in a directory durable. Windows cannot sync a directory, and does not need it. */
export function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(directory, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function createEmpty(file: string): boolean {
  try {
    closeSync(openSync(file, 'wx', 0o600))
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}
