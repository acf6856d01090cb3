/** The data of one catalogue entry. `status` is the HTTP status where the error can reach a caller. */
export interface ErrorDefinition {
  readonly code: string
  readonly status: number
  /** A restate public code (`META0003`, `RT0010`) where the wire shows one. */
  readonly restateCode?: string
}

/** Every operating error is one of these; `code` is stable and has a page in docs/errors. */
export class PerdureError extends Error {
  readonly code: string
  readonly status: number
  readonly restateCode: string | undefined

  constructor(definition: ErrorDefinition, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'PerdureError'
    this.code = definition.code
    this.status = definition.status
    this.restateCode = definition.restateCode
  }
}

/** A constructor bound to one catalogue entry: `throw new LogCorrupt('…')`. */
export interface PerdureErrorConstructor {
  new (message: string, options?: ErrorOptions): PerdureError
  readonly definition: ErrorDefinition
}

const catalogue = new Map<string, ErrorDefinition>()

/** Adds an error to the catalogue. Codes are unique; a second definition of one is a programming error. */
export function defineError(definition: ErrorDefinition): PerdureErrorConstructor {
  if (catalogue.has(definition.code)) throw new Error(`error code ${definition.code} is defined twice`)
  catalogue.set(definition.code, definition)
  return class extends PerdureError {
    static readonly definition = definition
    constructor(message: string, options?: ErrorOptions) {
      super(definition, message, options)
    }
  }
}

/** All errors whose modules have been loaded, for the documentation test. */
export function definedErrors(): readonly ErrorDefinition[] {
  return [...catalogue.values()]
}
