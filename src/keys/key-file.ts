import { closeSync, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs'
import { changeabilityOf, exposureOf } from '../config/file-exposure.ts'
import { PerdureError, type PerdureErrorConstructor } from '../errors/perdure-error.ts'
import type { HashedKey } from './hashed-keys.ts'

/** A file of keys: one a line, words between blanks; empty lines and those that begin with `#` are passed over. */
export interface KeyFile<Key extends HashedKey> {
  /** Absolute. */
  readonly path: string
  /** What the file holds, for messages: `API keys`. */
  readonly what: string
  /** Refuse a file that others than its owner could read. One that they could change or replace is always refused. */
  readonly isPrivate: boolean
  /** The key of a line, or what is wrong with it. The text must not show what may be a key. */
  readonly parse: (words: readonly string[]) => Key | string
  readonly BadFile: PerdureErrorConstructor
}

const maxKeys = 1000
const maxFileBytes = 1024 * 1024

/**
 * Changes when the file does; `undefined` when there is none any more. Throws `BadFile` for one that cannot be looked at, is too large, or open to
 * others.
 */
export function versionOfKeyFile<Key extends HashedKey>(file: KeyFile<Key>): string | undefined {
  try {
    const stats = statSync(file.path, { throwIfNoEntry: false })
    if (stats === undefined) return undefined
    check(file, stats)
    const { mtimeMs, size, ino } = stats
    return `${mtimeMs} ${size} ${ino}`
  } catch (error) {
    throw unreadable(file, error)
  }
}

function check<Key extends HashedKey>({ path, isPrivate, BadFile }: KeyFile<Key>, stats: Stats): void {
  if (stats.size > maxFileBytes) throw new BadFile(`${path} has more than ${maxFileBytes} bytes`)
  const exposure = isPrivate ? exposureOf(path, stats) : changeabilityOf(path, stats)
  if (exposure !== undefined) throw new BadFile(`${path} is not used: ${exposure}`)
}

/** Reads what was checked, and not what may have come under its name since. */
function checkedText<Key extends HashedKey>(file: KeyFile<Key>): string {
  const descriptor = openSync(file.path, 'r')
  try {
    check(file, fstatSync(descriptor))
    return readFileSync(descriptor, 'utf8')
  } finally {
    closeSync(descriptor)
  }
}

/** Throws `BadFile`, which names the line, also for what `versionOfKeyFile` refuses. */
export function readKeyFile<Key extends HashedKey>(file: KeyFile<Key>): Key[] {
  const { path, BadFile } = file
  let text: string
  try {
    text = checkedText(file)
  } catch (error) {
    throw unreadable(file, error)
  }
  const keys: Key[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const key = file.parse(trimmed.split(/\s+/))
    if (typeof key === 'string') throw new BadFile(`${path}, line ${index + 1}: ${key}`)
    if (keys.length === maxKeys) throw new BadFile(`${path} has more than ${maxKeys} lines with keys`)
    keys.push(key)
  }
  return keys
}

function unreadable<Key extends HashedKey>({ path, what, BadFile }: KeyFile<Key>, error: unknown): PerdureError {
  if (error instanceof PerdureError) return error
  const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
  return new BadFile(`the ${what} in ${path} cannot be read: ${reason}`, { cause: error })
}
