import { AdminBodyShape, AdminBodySyntax, AdminContentType } from '../errors/admin.ts'

/** What a JSON body may be at most; the peer's limit. */
export const JSON_BODY_LIMIT_BYTES = 2 * 1024 * 1024

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

/** Parses a request body. `application/json` with any parameters, or a type that ends in `+json`. */
export function parseJsonBody(contentType: string | undefined, body: unknown): unknown {
  const mediaType = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (!/^application\/(?:json|[^/]+\+json)$/.test(mediaType)) {
    throw new AdminContentType('Expected request with `Content-Type: application/json`')
  }
  const bytes = body instanceof Uint8Array ? body : new Uint8Array()
  try {
    return JSON.parse(strictUtf8.decode(bytes))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new AdminBodySyntax(`Failed to parse the request body as JSON: ${reason}`, { cause: error })
  }
}

/**
 * Reads the fields of a JSON object one by one. A field that is missing or null is absent; other fields of the
 * object are ignored, as the peer does. A wrong type throws AdminBodyShape (422).
 */
export class BodyFields {
  readonly #fields: Readonly<Record<string, unknown>>
  readonly #problem: string

  /** `problem` begins every error text, for instance the name of the type that was expected. */
  constructor(body: unknown, problem = '') {
    this.#problem = `Failed to deserialize the JSON body into the target type: ${problem}`
    if (!isObject(body)) throw this.#error('expected a JSON object')
    this.#fields = body
  }

  has(name: string): boolean {
    return this.#value(name) !== undefined
  }

  /** For fields where null says something else than absence. */
  isNull(name: string): boolean {
    return Object.hasOwn(this.#fields, name) && this.#fields[name] === null
  }

  string(name: string): string | undefined {
    const value = this.#value(name)
    if (value === undefined || typeof value === 'string') return value
    throw this.invalid(name, 'expected a string')
  }

  boolean(name: string): boolean | undefined {
    const value = this.#value(name)
    if (value === undefined || typeof value === 'boolean') return value
    throw this.invalid(name, 'expected true or false')
  }

  /** A whole number from `min` to `max`. */
  integer(name: string, min: number, max: number): number | undefined {
    const value = this.#value(name)
    if (value === undefined) return undefined
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    throw this.invalid(name, `expected a whole number from ${min} to ${max}`)
  }

  /** An object whose values are strings. */
  strings(name: string): Readonly<Record<string, string>> | undefined {
    const value = this.#value(name)
    if (value === undefined) return undefined
    if (!isObject(value)) throw this.invalid(name, 'expected an object of strings')
    const entries = Object.entries(value).map(([key, item]): [string, string] => {
      if (typeof item !== 'string') throw this.invalid(name, `expected an object of strings, but '${key}' is none`)
      return [key, item]
    })
    return Object.fromEntries(entries)
  }

  /** An array of strings. */
  stringList(name: string): readonly string[] | undefined {
    const value = this.#value(name)
    if (value === undefined) return undefined
    if (!Array.isArray(value)) throw this.invalid(name, 'expected an array of strings')
    return value.map((item: unknown, index) => {
      if (typeof item !== 'string') throw this.invalid(`${name}[${index}]`, 'expected a string')
      return item
    })
  }

  /** The fields of an object, unchecked. */
  object(name: string): readonly (readonly [name: string, value: unknown])[] | undefined {
    const value = this.#value(name)
    if (value === undefined) return undefined
    if (!isObject(value)) throw this.invalid(name, 'expected an object')
    return Object.entries(value)
  }

  /** The fields of an object, to be read one by one like these. */
  nested(name: string): BodyFields | undefined {
    const value = this.#value(name)
    if (value === undefined) return undefined
    if (!isObject(value)) throw this.invalid(name, 'expected an object')
    return new BodyFields(value, `${name}: `)
  }

  /** The error that a caller throws when a field has the right type and yet cannot be read. */
  invalid(name: string, reason: string): Error {
    return this.#error(`${name}: ${reason}`)
  }

  #value(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? (this.#fields[name] ?? undefined) : undefined
  }

  #error(reason: string): Error {
    return new AdminBodyShape(this.#problem + reason)
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
