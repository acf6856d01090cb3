import { AssertionError } from 'node:assert'
import type { AnyKey, Key, OptionalKey } from './key.ts'
import type { Origin } from './origin.ts'

/** A value that was set somewhere, as it was found there. It has been checked against the key's type. */
export interface Given {
  readonly raw: unknown
  readonly origin: Origin
}

/** What defaults may depend on beside other keys. */
export interface Machine {
  readonly hostName: string
}

/** Every key's value: what was given, or else the default. */
export class Settings {
  readonly #given: ReadonlyMap<string, Given>
  readonly machine: Machine

  /** `given` is by key path, already checked. */
  constructor(given: ReadonlyMap<string, Given>, machine: Machine) {
    this.#given = given
    this.machine = machine
  }

  isGiven(key: AnyKey): boolean {
    return this.#given.has(key.path)
  }

  get<T>(key: Key<T>): T {
    const given = this.#given.get(key.path)
    if (given !== undefined) return checkedValue(key, given)
    switch (key.default.kind) {
      case 'value':
        return key.default.value
      case 'inherited':
        return this.isGiven(key.default.parent) ? this.get(key.default.parent) : key.default.otherwise
      case 'computed':
        return key.default.compute(this)
    }
  }

  find<T>(key: OptionalKey<T>): T | undefined {
    const given = this.#given.get(key.path)
    if (given !== undefined) return checkedValue(key, given)
    return key.parent === undefined ? undefined : this.find(key.parent)
  }

  /** Where the value of a key comes from; for an inherited one, also which key it was set for. */
  originOf(key: AnyKey): { readonly origin: Origin; readonly via?: string } {
    const given = this.#given.get(key.path)
    if (given !== undefined) return { origin: given.origin }
    const parent = key.optional ? key.parent : key.default.kind === 'inherited' ? key.default.parent : undefined
    const { origin, via } = parent === undefined ? { origin: { kind: 'default' } as const } : this.originOf(parent)
    if (parent === undefined || origin.kind === 'default') return { origin: { kind: 'default' } }
    return { origin, via: via ?? parent.path }
  }
}

function checkedValue<T>(key: Key<T> | OptionalKey<T>, given: Given): T {
  const parsed = key.type.parse(given.raw)
  if (!parsed.ok) throw new AssertionError({ message: `${key.path} was not checked: ${parsed.reason}` })
  return parsed.value
}
