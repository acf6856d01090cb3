import { GcpCredentialsUnusable } from '../errors/gcp.ts'

type JsonMap = Readonly<Record<string, unknown>>

/** Reads the fields of a credential file. Errors name file and field, never a value: those are secrets. */
export class JsonObject {
  /** The file, and where in it, for messages. */
  readonly at: string
  readonly #fields: JsonMap

  private constructor(at: string, fields: JsonMap) {
    this.at = at
    this.#fields = fields
  }

  static parse(at: string, text: string): JsonObject {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      // The text of a syntax error quotes what it stumbled over, which may be part of a key.
      throw new GcpCredentialsUnusable(`${at} is not JSON. Replace it with the file as Google Cloud wrote it.`)
    }
    return JsonObject.#of(at, value)
  }

  static #of(at: string, value: unknown): JsonObject {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new GcpCredentialsUnusable(`${at} is not a JSON object.`)
    }
    return new JsonObject(at, { ...value })
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined && this.#fields[name] !== null
  }

  text(name: string): string {
    const value = this.optionalText(name)
    if (value === undefined || value === '') throw this.unusable(`has no field ${name}`)
    return value
  }

  optionalText(name: string): string | undefined {
    const value = this.#fields[name] ?? undefined
    if (value !== undefined && typeof value !== 'string') throw this.unusable(`has a field ${name} that is not text`)
    return value
  }

  texts(name: string): string[] {
    const value = this.#fields[name] ?? []
    if (!Array.isArray(value)) throw this.unusable(`has a field ${name} that is not a list`)
    return value.map((item: unknown) => {
      if (typeof item !== 'string') throw this.unusable(`has a field ${name} that is not a list of texts`)
      return item
    })
  }

  textMap(name: string): Record<string, string> {
    if (!this.has(name)) return {}
    const map: Record<string, string> = {}
    for (const [key, value] of Object.entries(this.object(name).#fields)) {
      if (typeof value !== 'string') throw this.unusable(`has a field ${name}.${key} that is not text`)
      map[key] = value
    }
    return map
  }

  object(name: string): JsonObject {
    return JsonObject.#of(`${name} of ${this.at}`, this.#fields[name])
  }

  unusable(what: string): Error {
    return new GcpCredentialsUnusable(`${this.at} ${what}.`)
  }
}
