import { close, open } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { LogInUse, LogUnavailable } from '../errors/log.ts'

export const lockName = 'lock'
export const ownerName = 'owner'

const sqliteBusy = 5
const ownerPattern = /^pid (\d+) on (\S+) since (\S+)\n$/

/**
 * Exclusive use of a directory by one process.
 *
 * The lock must fall when its owner dies, however it dies, and must not be mistaken for held because the
 * owner's pid belongs to another process by now. Only the kernel can do that. Node offers no file locks,
 * but SQLite takes one for an exclusive transaction (fcntl, LockFileEx), holds it until the connection
 * or the process ends, and also keeps a second opening within this process out. So the lock is an open
 * transaction on an empty database, to which nothing is ever written. A pid file with a check for liveness
 * would fail on reused pids and across pid namespaces; a socket, on stale files or across network namespaces.
 *
 * Closing any descriptor of the file would drop a POSIX lock: nobody but SQLite may open it. Who the owner
 * is stands in a file of its own, which serves the error message alone.
 */
export class DirectoryLock implements AsyncDisposable {
  readonly #database: DatabaseSync
  readonly #ownerPath: string

  private constructor(database: DatabaseSync, ownerPath: string) {
    this.#database = database
    this.#ownerPath = ownerPath
  }

  /** @throws LogInUse, naming the owner; LogUnavailable if the file system cannot lock. */
  static async acquire(directory: string): Promise<DirectoryLock> {
    const path = join(directory, lockName)
    const ownerPath = join(directory, ownerName)
    await createPrivately(path)
    let database: DatabaseSync | undefined
    try {
      database = new DatabaseSync(path, { timeout: 0 })
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    } catch (error) {
      database?.close()
      if (isBusy(error)) throw new LogInUse(await describeOwner(directory, ownerPath), { cause: error })
      throw new LogUnavailable(`cannot lock the log directory with ${path}: ${String(error)}`, { cause: error })
    }
    const lock = new DirectoryLock(database, ownerPath)
    try {
      const owner = `pid ${process.pid} on ${hostname()} since ${new Date().toISOString()}\n`
      await writeFile(ownerPath, owner, { mode: 0o600 })
    } catch (error) {
      database.close()
      throw new LogUnavailable(`cannot write ${ownerPath}: ${String(error)}`, { cause: error })
    }
    return lock
  }

  async release(): Promise<void> {
    // The text first: a next owner must not lose its own. It is only text, so failing to remove it is no fault.
    await rm(this.#ownerPath, { force: true }).catch(() => undefined)
    this.#database.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }
}

/** SQLite would create the file readable for all. An existing one is left untouched, not even opened. */
async function createPrivately(path: string): Promise<void> {
  try {
    await promisify(close)(await promisify(open)(path, 'wx', 0o600))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return
    throw new LogUnavailable(`cannot create ${path}: ${String(error)}`, { cause: error })
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy
}

async function describeOwner(directory: string, ownerPath: string): Promise<string> {
  const way = 'Stop it, or give this server another base-dir or node-name.'
  // The owner has the lock a moment before it has written who it is, and a dead owner's text may still stand there.
  for (let attempt = 0; attempt < 10; attempt++) {
    if (attempt > 0) await delay(20)
    const [, pid, host, since] = ownerPattern.exec(await readFile(ownerPath, 'utf8').catch(() => '')) ?? []
    if (pid === undefined || (host === hostname() && !isAlive(Number(pid)))) continue
    return `the log directory ${directory} is in use by the server with pid ${pid} on ${host}, since ${since}. ${way}`
  }
  return `the log directory ${directory} is in use by another server. ${way}`
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
