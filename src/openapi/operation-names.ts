/**
 * Names of operations and schemas: of the handler alone in a document of one service, of both where there are several. Each
 * name is given out once: `aSend` may be a handler, too.
 */
export class OperationNames {
  readonly #scope: 'handler' | 'service-and-handler'
  readonly #given = new Set<string>()

  constructor(scope: 'handler' | 'service-and-handler') {
    this.#scope = scope
  }

  /** Components are named by letters, digits, `.`, `-` and `_` only (OpenAPI 3.1, Components Object), as services are. */
  of(service: string, handler: string, suffix = ''): string {
    const plain = this.#scope === 'handler' ? `${handler}${suffix}` : `${service}_${handler}${suffix}`
    let name = plain
    for (let count = 2; this.#given.has(name); count++) name = `${plain}_${count}`
    this.#given.add(name)
    return name
  }
}
