import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { KeyRing } from '../../src/sealing/key-ring.ts'

export const newKey = (): Buffer => randomBytes(32)

export const ringOf = (...keys: readonly Buffer[]): KeyRing => new KeyRing(keys)

/** Writes a key file, the first key being the current one. */
export function writeKeys(path: string, ...keys: readonly Buffer[]): void {
  writeFileSync(path, keys.map((key) => `${key.toString('base64')}\n`).join(''), { mode: 0o600 })
}

/** Which of these texts stand in clear in some file below a directory, whatever the file is. */
export function foundIn(directory: string, texts: readonly string[]): string[] {
  const contents = readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
  return texts.filter((text) => contents.some((content) => content.includes(text)))
}
