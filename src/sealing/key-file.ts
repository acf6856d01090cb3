import { randomBytes } from 'node:crypto'
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { exposureOf } from '../config/file-exposure.ts'
import { SealingKeyFileInvalid } from '../errors/sealing.ts'
import { KeyRing, sealingKeyBytes } from './key-ring.ts'

const maxFileBytes = 64 * 1024
const howTo = 'Make a key with: perdure secrets generate-key <file>'

/**
 * Reads the keys of `secrets.key-file`: 32 bytes in base64 or hexadecimal, one a line, the current one first. Empty lines and lines that
 * begin with # do not count. The file is on disk for good when this returns.
 * @throws SealingKeyFileInvalid, which never shows what is in the file
 */
export function readKeyFile(path: string): KeyRing {
  const text = readChecked(path)
  const keys: Buffer[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const word = line.trim()
    if (word === '' || word.startsWith('#')) continue
    const key = decodeKey(word)
    if (key === undefined) throw invalid(path, `has no key in line ${index + 1}: 32 bytes in base64 or hexadecimal`)
    if (keys.some((known) => known.equals(key))) throw invalid(path, `has the key of line ${index + 1} twice`)
    keys.push(key)
  }
  if (keys.length === 0) throw invalid(path, 'holds no key')
  try {
    sync(path)
  } catch {
    // Mounted secrets need not be of a kind that can be synced.
  }
  return new KeyRing(keys)
}

/** Mode and content of the same file, whatever happens to the name in between. */
function readChecked(path: string): string {
  try {
    const descriptor = openSync(path, 'r')
    try {
      const stats = fstatSync(descriptor)
      const exposure = exposureOf(path, stats)
      if (exposure !== undefined)
        throw new SealingKeyFileInvalid(`secrets.key-file: ${path} cannot be used: ${exposure}`)
      if (stats.size > maxFileBytes) throw invalid(path, `has ${stats.size} bytes, which is no list of keys`)
      return readFileSync(descriptor, 'utf8')
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    if (error instanceof SealingKeyFileInvalid) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw invalid(path, `cannot be read (${code})`)
  }
}

/** A new key as a line for the file. */
export function generateKeyLine(): string {
  return `${randomBytes(sealingKeyBytes).toString('base64')}\n`
}

/**
 * Writes a new key to a file of its own, mode 0600. An existing file stays as it is.
 * @throws SealingKeyFileInvalid
 */
export function createKeyFile(path: string): void {
  try {
    writeFileSync(path, generateKeyLine(), { mode: 0o600, flag: 'wx' })
    sync(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed'
    throw new SealingKeyFileInvalid(
      code === 'EEXIST'
        ? `${path} exists already and stays as it is: the keys in it may be needed. Choose another name.`
        : `cannot write ${path} (${code})`,
    )
  }
}

/** What is sealed under a key is synced, and worth nothing without it: the file must be on disk before, whoever wrote it. */
function sync(path: string): void {
  // Windows cannot sync a directory, and does not need it.
  const isWindows = process.platform === 'win32'
  for (const one of isWindows ? [path] : [path, dirname(path)]) {
    const descriptor = openSync(one, isWindows ? 'r+' : 'r')
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  }
}

function decodeKey(word: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(word)) return Buffer.from(word, 'hex')
  // 43 digits are 32 bytes and two bits; Node reads both alphabets of base64.
  return /^[\w+/-]{43}=?$/.test(word) ? Buffer.from(word, 'base64') : undefined
}

function invalid(path: string, problem: string): Error {
  return new SealingKeyFileInvalid(`secrets.key-file: ${path} ${problem}. ${howTo}`)
}
