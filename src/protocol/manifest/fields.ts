import { ManifestUndecodable } from '../../errors/protocol.ts'

/**
 * Reads one JSON object of a manifest strictly: each field is asked for by name, and `done` refuses what nobody asked
 * for. `null` is the same as absent. Errors name the JSON path and what is allowed there.
 */
export class Fields {
  readonly path: string
  readonly #value: Readonly<Record<string, unknown>>
  readonly #known = new Set<string>()

  constructor(value: unknown, path: string) {
    if (!isObject(value)) throw undecodable(path, `expected an object, found ${nameOf(value)}`)
    this.#value = value
    this.path = path
  }

  /** The value as it is; `undefined` if absent or null. */
  any(name: string): unknown {
    this.#known.add(name)
    return Object.hasOwn(this.#value, name) ? (this.#value[name] ?? undefined) : undefined
  }

  string(name: string): string | undefined {
    const value = this.any(name)
    if (value === undefined || typeof value === 'string') return value
    return this.#refuse(name, 'a string', value)
  }

  boolean(name: string): boolean | undefined {
    const value = this.any(name)
    if (value === undefined || typeof value === 'boolean') return value
    return this.#refuse(name, 'true or false', value)
  }

  /** A finite number that is not negative. */
  number(name: string): number | undefined {
    const value = this.any(name)
    if (value === undefined || (typeof value === 'number' && Number.isFinite(value) && value >= 0)) return value
    return this.#refuse(name, 'a number, at least 0', value)
  }

  /**
   * A whole number that is not negative. What a double does not hold exactly becomes the largest that it does:
   * SDKs write "for ever" as the largest integer of their language.
   */
  integer(name: string): number | undefined {
    const value = this.any(name)
    if (value === undefined) return undefined
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 64) {
      return Math.min(value, Number.MAX_SAFE_INTEGER)
    }
    return this.#refuse(name, 'a whole number, at least 0', value)
  }

  oneOf<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const value = this.any(name)
    if (value === undefined) return undefined
    const found = words.find((word) => word === value)
    return found ?? this.#refuse(name, `one of ${words.join(', ')}`, value)
  }

  /** A required array, each element read by `read`, which also gets the element's path. */
  list<Element>(name: string, read: (value: unknown, path: string) => Element): readonly Element[] {
    const value = this.required(name, this.any(name))
    if (!Array.isArray(value)) return this.#refuse(name, 'an array', value)
    return value.map((element, index) => read(element, `${this.path}.${name}[${index}]`))
  }

  /** An object whose values are all strings. */
  stringMap(name: string): Readonly<Record<string, string>> | undefined {
    const value = this.any(name)
    if (value === undefined) return undefined
    if (!isObject(value)) return this.#refuse(name, 'an object of strings', value)
    return Object.fromEntries(
      Object.entries(value).map(([key, text]) => {
        if (typeof text === 'string') return [key, text]
        throw undecodable(
          `${this.path}.${name}`,
          `expected a string under ${JSON.stringify(key)}, found ${nameOf(text)}`,
        )
      }),
    )
  }

  object<Value>(name: string, read: (fields: Fields) => Value): Value | undefined {
    const value = this.any(name)
    return value === undefined ? undefined : read(new Fields(value, `${this.path}.${name}`))
  }

  required<Value>(name: string, value: Value | undefined): Value {
    if (value === undefined) throw undecodable(this.path, `required field ${name} is missing`)
    return value
  }

  /** Refuses fields that have not been asked for. */
  done(): void {
    for (const name of Object.keys(this.#value)) {
      if (this.#known.has(name)) continue
      throw undecodable(this.path, `unknown field ${JSON.stringify(name)}; allowed: ${[...this.#known].join(', ')}`)
    }
  }

  #refuse(name: string, expected: string, found: unknown): never {
    throw undecodable(`${this.path}.${name}`, `expected ${expected}, found ${nameOf(found)}`)
  }
}

/** The error for something at a path of the manifest that cannot be read. */
export function undecodable(path: string, what: string): Error {
  return new ManifestUndecodable(`the service's manifest cannot be decoded: ${path}: ${what}`)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A value as errors show it: short, and without the insides of objects. */
function nameOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  if (isObject(value)) return 'an object'
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
