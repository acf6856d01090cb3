import type { Settings } from './settings.ts'
import type { ValueType } from './value-type.ts'

interface KeyFacts {
  /** Dotted and in kebab-case, as in TOML: `worker.invoker.abort-timeout`. */
  readonly path: string
  /** Sentences for the example file and the documentation. */
  readonly description: string
  /** Whether restate-server has the same key, or it is Perdure's own. */
  readonly from: 'restate' | 'perdure'
  /** Also a command-line flag, `--` and the path. Only top-level keys are. */
  readonly flag?: boolean
  /** The value never appears in errors, warnings or the dump. */
  readonly secret?: boolean
}

/** Where the value comes from when nothing sets the key. */
export type Default<T> =
  | { readonly kind: 'value'; readonly value: T }
  /** The value of another key where that is set, else `otherwise`. */
  | { readonly kind: 'inherited'; readonly parent: Key<T>; readonly otherwise: NoInfer<T> }
  | {
      readonly kind: 'computed'
      /** What it depends on, for people. */
      readonly text: string
      compute(settings: Settings): T
      /** It depends on the machine, too, so that a file can only show an example. */
      readonly example?: T
    }

/** A key that always has a value. */
export interface Key<T> extends KeyFacts {
  readonly optional: false
  readonly type: ValueType<T>
  readonly default: Default<T>
}

/** A key that is unset by default. */
export interface OptionalKey<T> extends KeyFacts {
  readonly optional: true
  readonly type: ValueType<T>
  readonly example: T
  /** Taken when it is set and this key is not. */
  readonly parent?: OptionalKey<T>
}

export type AnyKey = Key<unknown> | OptionalKey<unknown>

type KeyOptions = Omit<KeyFacts, 'from'> & { readonly from?: 'perdure' }

/** A key with a fixed default. Keys are Restate's unless they say that they are ours. */
export function key<T>(options: KeyOptions & { readonly type: ValueType<T>; readonly default: NoInfer<T> }): Key<T> {
  return { from: 'restate', ...options, optional: false, default: { kind: 'value', value: options.default } }
}

/** A key that takes the value of `parent` where only that is set. */
export function inheritedKey<T>(
  options: KeyOptions & { readonly type: ValueType<T>; readonly parent: Key<T>; readonly otherwise: NoInfer<T> },
): Key<T> {
  const { parent, otherwise, ...facts } = options
  return { from: 'restate', ...facts, optional: false, default: { kind: 'inherited', parent, otherwise } }
}

/** A key whose default depends on other keys or on the machine. */
export function computedKey<T>(
  options: KeyOptions & {
    readonly type: ValueType<T>
    readonly defaultText: string
    readonly example?: NoInfer<T>
    compute(settings: Settings): NoInfer<T>
  },
): Key<T> {
  const { defaultText, compute, example, ...facts } = options
  const computed = {
    kind: 'computed',
    text: defaultText,
    compute,
    ...(example === undefined ? {} : { example }),
  } as const
  return { from: 'restate', ...facts, optional: false, default: computed }
}

export function optionalKey<T>(
  options: KeyOptions & { readonly type: ValueType<T>; readonly example: T; readonly parent?: OptionalKey<T> },
): OptionalKey<T> {
  return { from: 'restate', ...options, optional: true }
}

/** `worker.invoker.abort-timeout` → `RESTATE_WORKER__INVOKER__ABORT_TIMEOUT` */
export function environmentName(path: string): string {
  return `RESTATE_${path.replaceAll('.', '__').replaceAll('-', '_').toUpperCase()}`
}

/** The inverse of `environmentName`, as far as there is one: header names with `_` come back with `-`. */
export function pathOfEnvironmentName(name: string): string {
  return name.slice('RESTATE_'.length).toLowerCase().replaceAll('__', '.').replaceAll('_', '-')
}

/** `bind-port` → `--bind-port` */
export function flagName(path: string): string {
  return `--${path}`
}

/** The table that a key is in, `''` at the top level, and its name there. */
export function splitPath(path: string): { readonly table: string; readonly name: string } {
  const dot = path.lastIndexOf('.')
  return { table: path.slice(0, Math.max(dot, 0)), name: path.slice(dot + 1) }
}
