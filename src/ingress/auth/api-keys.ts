import { hash, timingSafeEqual } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { apiKeyProblem } from '../../config/collection-types.ts'
import type { IngressAuthConfig } from '../../config/config.ts'
import { IngressBadAuthConfig } from '../../errors/ingress.ts'
import { PerdureError } from '../../errors/perdure-error.ts'
import type { Logger } from '../../telemetry/logger.ts'

interface ApiKey {
  readonly name: string
  readonly digest: Uint8Array
}

const prefix = 'sha256:'
const maxKeyLength = 1024
const maxKeys = 1000
const maxFileBytes = 1024 * 1024

/** How often the file is looked at, at most. */
const checkIntervalMs = 1000

/** API keys by their SHA-256: keys are long and random, so that a slow hash would only cost callers time. */
export class ApiKeys {
  readonly #fixed: readonly ApiKey[]
  readonly #file: string | undefined
  readonly #now: () => number
  readonly #log: Logger
  #fromFile: readonly ApiKey[] = []
  #fileVersion = ''
  #checkedAtMs: number

  /** Throws `IngressBadAuthConfig` when the file cannot be read or has a line that is no API key. */
  constructor(
    config: Pick<IngressAuthConfig, 'apiKeys' | 'apiKeysFile'>,
    { now, log }: { readonly now: () => number; readonly log: Logger },
  ) {
    this.#fixed = Object.entries(config.apiKeys).map(([name, text]) => ({ name, digest: digestOf(text) }))
    this.#file = config.apiKeysFile
    this.#now = now
    this.#log = log
    this.#checkedAtMs = now()
    if (this.#file !== undefined) {
      this.#fileVersion = versionOf(this.#file)
      this.#fromFile = readKeys(this.#file)
    }
  }

  /** The name of a key. It takes the same time for all keys, known or not. */
  subjectOf(key: string): string | undefined {
    if (key.length > maxKeyLength) return undefined
    this.#refresh()
    const digest = hash('sha256', Buffer.from(key, 'latin1'), 'buffer')
    let subject: string | undefined
    for (const keys of [this.#fixed, this.#fromFile]) {
      for (const known of keys) {
        if (timingSafeEqual(known.digest, digest)) subject = known.name
      }
    }
    return subject
  }

  /** Reads the file again when it has changed. One that cannot be read leaves what there was, and says so. */
  #refresh(): void {
    const nowMs = this.#now()
    if (this.#file === undefined || Math.abs(nowMs - this.#checkedAtMs) < checkIntervalMs) return
    this.#checkedAtMs = nowMs
    try {
      const version = versionOf(this.#file)
      if (version === this.#fileVersion) return
      this.#fileVersion = version
      this.#fromFile = readKeys(this.#file)
      this.#log.info({ event: 'api-keys-read', keys: this.#fromFile.length })
    } catch (error) {
      if (!(error instanceof PerdureError)) throw error
      this.#log.error({ event: 'api-keys-unreadable', reason: error.message })
    }
  }
}

function digestOf(text: string): Uint8Array {
  return Buffer.from(text.slice(prefix.length), 'hex')
}

/** Changes when the file does. */
function versionOf(file: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(file)
    if (size > maxFileBytes) throw new IngressBadAuthConfig(`${file} has more than ${maxFileBytes} bytes`)
    return `${mtimeMs} ${size} ${ino}`
  } catch (error) {
    throw unreadable(file, error)
  }
}

function readKeys(file: string): ApiKey[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw unreadable(file, error)
  }
  const keys: ApiKey[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const [name = '', hashText = '', ...more] = trimmed.split(/\s+/)
    // The line is not shown: it may hold a key.
    const problem = more.length > 0 ? 'it has more than a name and a hash' : apiKeyProblem(name, hashText)
    if (problem !== undefined) throw new IngressBadAuthConfig(`${file}, line ${index + 1}: ${problem}`)
    if (keys.length === maxKeys) throw new IngressBadAuthConfig(`${file} has more than ${maxKeys} keys`)
    keys.push({ name, digest: digestOf(hashText) })
  }
  return keys
}

function unreadable(file: string, error: unknown): PerdureError {
  if (error instanceof PerdureError) return error
  const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
  return new IngressBadAuthConfig(`the API keys in ${file} cannot be read: ${reason}`, { cause: error })
}
