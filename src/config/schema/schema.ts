import { type AnyKey, environmentName, flagName, splitPath } from '../key.ts'
import { adminAuthKeys, fabricAuthKeys } from './admin-auth-keys.ts'
import { DEPRECATED_KEYS } from './deprecated-keys.ts'
import { egressKeys } from './egress-keys.ts'
import { IGNORED_KEYS } from './ignored-keys.ts'
import { ingressAuthKeys } from './ingress-auth-keys.ts'
import { adminKeys, ingressKeys } from './ingress-keys.ts'
import { adminListenerKeys, fabricKeys, ingressListenerKeys } from './listener-keys.ts'
import { networkingKeys, tlsKeys } from './networking-keys.ts'
import { nodeKeys } from './node-keys.ts'
import { queryKeys } from './query-keys.ts'
import { secretsKeys } from './secrets-keys.ts'
import { logKeys, storeKeys } from './storage-keys.ts'
import { adminTlsKeys, ingressTlsKeys } from './tls-keys.ts'
import { invokerKeys, retryPolicyKeys, workerKeys } from './worker-keys.ts'

/**
 * Every key that has an effect, once. Defaults, environment names, flags, the example file, the JSON schema, the reference in
 * the documentation, the help text and the dump are all made from this.
 */
export const KEYS: readonly AnyKey[] = inTableOrder([
  nodeKeys,
  fabricKeys,
  fabricAuthKeys,
  retryPolicyKeys,
  networkingKeys,
  tlsKeys,
  ingressListenerKeys,
  ingressTlsKeys,
  ingressKeys,
  ingressAuthKeys,
  adminListenerKeys,
  adminTlsKeys,
  adminKeys,
  queryKeys,
  adminAuthKeys,
  workerKeys,
  invokerKeys,
  egressKeys,
  logKeys,
  storeKeys,
  secretsKeys,
])

// Keys of one table stand together, as TOML wants them.
function inTableOrder(groups: readonly Readonly<Record<string, AnyKey>>[]): readonly AnyKey[] {
  return [...byTable(groups.flatMap((group) => Object.values(group))).values()].flat()
}

function byTable(keys: readonly AnyKey[]): ReadonlyMap<string, readonly AnyKey[]> {
  const tables = new Map<string, AnyKey[]>()
  for (const key of keys) {
    const { table } = splitPath(key.path)
    const known = tables.get(table)
    if (known === undefined) tables.set(table, [key])
    else known.push(key)
  }
  return tables
}

/** The keys by TOML table; `''` is the top level and comes first. */
export const TABLES: ReadonlyMap<string, readonly AnyKey[]> = byTable(KEYS)

const keysByPath: ReadonlyMap<string, AnyKey> = new Map(KEYS.map((key) => [key.path, key]))

export function keyOf(path: string): AnyKey | undefined {
  return keysByPath.get(path)
}

export const FLAG_KEYS: readonly AnyKey[] = KEYS.filter((key) => key.flag === true)

/** Every path that a file may contain, for suggestions. */
export const KNOWN_PATHS: readonly string[] = [
  ...keysByPath.keys(),
  ...DEPRECATED_KEYS.keys(),
  ...IGNORED_KEYS.map(({ pattern }) => pattern).filter((pattern) => !pattern.endsWith('*')),
]

/** The tables above all known paths. */
export const KNOWN_TABLES: ReadonlySet<string> = new Set(
  KNOWN_PATHS.flatMap((path) => {
    const segments = path.split('.')
    return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join('.'))
  }),
)

export const KNOWN_ENVIRONMENT_NAMES: readonly string[] = ['RESTATE_CONFIG', ...KNOWN_PATHS.map(environmentName)]

export const KNOWN_FLAGS: readonly string[] = [
  '--config-file',
  '--dump-config',
  '--help',
  '--version',
  ...FLAG_KEYS.map((key) => flagName(key.path)),
]
