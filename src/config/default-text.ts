import type { AnyKey } from './key.ts'
import type { Settings } from './settings.ts'

/** What a key is when nothing sets it, as TOML; `undefined` when that is nothing or depends on the machine. */
export function defaultToml(key: AnyKey, defaults: Settings): string | undefined {
  if (key.optional || (key.default.kind === 'computed' && key.default.example !== undefined)) return undefined
  return key.type.format(defaults.get(key))
}

/** The default in words, where it takes more than the value: `the host name`, `"all"; where set, listen-mode`. */
export function defaultInWords(key: AnyKey): string | undefined {
  if (key.optional) return key.parent === undefined ? 'unset' : `unset; where set, ${key.parent.path}`
  switch (key.default.kind) {
    case 'value':
      return undefined
    case 'inherited':
      return `${key.type.format(key.default.otherwise)}; where set, ${key.default.parent.path}`
    case 'computed':
      return key.default.text
  }
}

/** A value to show where there is no default to show, as TOML. */
export function exampleToml(key: AnyKey): string | undefined {
  if (key.optional) return key.type.format(key.example)
  if (key.default.kind === 'computed' && key.default.example !== undefined) return key.type.format(key.default.example)
  return undefined
}
