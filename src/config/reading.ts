import { ConfigInvalidValue, ConfigUnknownKey } from '../errors/config.ts'
import type { PerdureError } from '../errors/perdure-error.ts'
import { describeOrigin, type Origin } from './origin.ts'
import { DEPRECATED_KEYS } from './schema/deprecated-keys.ts'
import { ignoredKeyOf } from './schema/ignored-keys.ts'
import { keyOf } from './schema/schema.ts'
import type { Given } from './settings.ts'

interface IgnoredFinding {
  readonly reason: string
  readonly found: string[]
}

/** Collects what the sources say, later ones over earlier ones, with everything that is wrong or worth a warning. */
export class Reading {
  readonly #given = new Map<string, Given>()
  readonly #givenByOldName = new Set<string>()
  readonly #ignored = new Map<string, IgnoredFinding>()
  readonly #warnings: string[] = []
  readonly #unknown: string[] = []
  readonly #invalid: string[] = []

  /** Takes a value for a path, and says whether the path is known. */
  offer(path: string, raw: unknown, origin: Origin): boolean {
    const newPath = DEPRECATED_KEYS.get(path)
    const key = keyOf(newPath ?? path)
    if (key === undefined) {
      const ignored = ignoredKeyOf(path)
      if (ignored === undefined) return false
      this.#ignore(ignored.pattern, ignored.reason, path, origin)
      return true
    }
    if (newPath !== undefined) {
      this.warn(`${path} is deprecated, use ${newPath} (${describeOrigin(origin)})`)
      const present = this.#given.get(newPath)
      // Within one source, the new name wins whichever comes first.
      if (present?.origin.kind === origin.kind && !this.#givenByOldName.has(newPath)) return true
      this.#givenByOldName.add(newPath)
    } else {
      this.#givenByOldName.delete(path)
    }
    const parsed = key.type.parse(raw)
    if (parsed.ok) {
      this.#given.set(key.path, { raw, origin })
    } else {
      const value = key.secret === true ? '' : ` = ${shown(raw)}`
      this.#invalid.push(`${path}${value} (${describeOrigin(origin)}): ${parsed.reason}. It takes ${key.type.allowed}.`)
    }
    return true
  }

  warn(line: string): void {
    if (!this.#warnings.includes(line)) this.#warnings.push(line)
  }

  unknown(line: string): void {
    this.#unknown.push(line)
  }

  invalid(line: string): void {
    this.#invalid.push(line)
  }

  /** Accepts something that has no effect; one warning tells all that share a reason. */
  #ignore(pattern: string, reason: string, path: string, origin: Origin): void {
    const found = `${path} (${describeOrigin(origin)})`
    const finding = this.#ignored.get(pattern)
    if (finding === undefined) this.#ignored.set(pattern, { reason, found: [found] })
    else finding.found.push(found)
  }

  given(): ReadonlyMap<string, Given> {
    return this.#given
  }

  warnings(): readonly string[] {
    const ignored = [...this.#ignored.values()].map(
      ({ reason, found }) => `no effect in Perdure: ${found.join(', ')}: ${reason}`,
    )
    return [...this.#warnings, ...ignored]
  }

  /** The error that all problems make together, or `undefined` when there is none. */
  error(): PerdureError | undefined {
    const problems = [...this.#unknown, ...this.#invalid]
    if (problems.length === 0) return undefined
    const ErrorClass = this.#unknown.length > 0 ? ConfigUnknownKey : ConfigInvalidValue
    const [only] = problems
    if (problems.length === 1 && only !== undefined) return new ErrorClass(only)
    return new ErrorClass(
      `the configuration has ${problems.length} problems:\n${problems.map((p) => `- ${p}`).join('\n')}`,
    )
  }
}

// Even a key that is no secret may have been given one by mistake.
function shown(raw: unknown): string {
  const text = JSON.stringify(raw) ?? String(raw)
  if (/-----BEGIN|PRIVATE KEY/.test(text)) return '***'
  const withoutCredentials = text.replaceAll(/\/\/[^/@\s]*@/g, '//***@')
  return withoutCredentials.length > 80 ? `${withoutCredentials.slice(0, 80)}…` : withoutCredentials
}
