import { environmentName, pathOfEnvironmentName } from './key.ts'
import { nearestName } from './nearest-name.ts'
import type { Reading } from './reading.ts'
import { DEPRECATED_KEYS } from './schema/deprecated-keys.ts'
import { KEYS, KNOWN_ENVIRONMENT_NAMES } from './schema/schema.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Names the configuration file, as for restate-server. */
export const CONFIG_FILE_VARIABLE = 'RESTATE_CONFIG'

// Bare variables that restate-server reads; MEMORY_LIMIT, AWS_EXTERNAL_ID and DO_NOT_TRACK concern parts that are not here.
const BARE_VARIABLES: ReadonlyMap<string, string> = new Map([
  ['RUST_LOG', 'log-filter'],
  ['HTTP_PROXY', 'worker.invoker.http-proxy'],
  ['NO_PROXY', 'worker.invoker.no-proxy'],
])

// Variables of the restate command line and of the SDKs, which often share an environment with the server.
const FOREIGN_VARIABLES: ReadonlySet<string> = new Set([
  'RESTATE_ADMIN_URL',
  'RESTATE_INGRESS_URL',
  'RESTATE_AUTH_TOKEN',
  'RESTATE_HOST',
  'RESTATE_HOST_SCHEME',
  'RESTATE_ENVIRONMENT',
  'RESTATE_EDITOR',
  'RESTATE_LOGGING',
])
const FOREIGN_PREFIXES: readonly string[] = ['RESTATE_CLI_', 'RESTATE_CLOUD_', 'RESTATE_SDK_']

const pathsByName: ReadonlyMap<string, string> = new Map(
  [...KEYS.map((key) => key.path), ...DEPRECATED_KEYS.keys()].map((path) => [environmentName(path), path]),
)
const tableKeyPrefixes: readonly (readonly [prefix: string, path: string])[] = KEYS.filter(
  (key) => key.type.jsonSchema.type === 'object',
).map((key) => [`${environmentName(key.path)}__`, key.path])

/** Adds what environment variables say. Unknown `RESTATE_*` variables are collected as errors, foreign ones passed over. */
export function readEnvironment(env: Environment, reading: Reading): void {
  const tables = new Map<string, { readonly variable: string; readonly entries: [string, string][] }>()
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !name.startsWith('RESTATE_') || name === CONFIG_FILE_VARIABLE) continue
    const path = pathsByName.get(name)
    if (path !== undefined) {
      reading.offer(path, value, { kind: 'env', name })
      continue
    }
    if (isForeign(name, value)) continue
    const entry = tableKeyPrefixes.find(([prefix]) => name.startsWith(prefix) && name.length > prefix.length)
    if (entry !== undefined) {
      const [prefix, tablePath] = entry
      const header = name.slice(prefix.length).toLowerCase().replaceAll('_', '-')
      const table = tables.get(tablePath) ?? { variable: `${prefix}*`, entries: [] }
      table.entries.push([header, value])
      tables.set(tablePath, table)
      continue
    }
    if (reading.offer(pathOfEnvironmentName(name), value, { kind: 'env', name })) continue
    const suggestion = nearestName(name, KNOWN_ENVIRONMENT_NAMES)
    const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
    reading.unknown(`unknown environment variable ${name}${hint}`)
  }
  for (const [path, { variable, entries }] of tables) {
    reading.offer(path, Object.fromEntries(entries), { kind: 'env', name: variable })
  }
  for (const [name, path] of BARE_VARIABLES) {
    const value = env[name]
    if (value !== undefined && value !== '') reading.offer(path, value, { kind: 'env', name })
  }
}

function isForeign(name: string, value: string): boolean {
  if (FOREIGN_VARIABLES.has(name) || FOREIGN_PREFIXES.some((prefix) => name.startsWith(prefix))) return true
  // Kubernetes announces a service called restate or restate-… to every pod beside it.
  if (/_SERVICE_(HOST|PORT)(_[A-Z0-9_]+)?$/.test(name) || /_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name)) {
    return true
  }
  return name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value)
}
