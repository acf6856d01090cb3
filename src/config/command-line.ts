import { ConfigCommandLine, ConfigUnknownKey } from '../errors/config.ts'
import { flagName } from './key.ts'
import { nearestName } from './nearest-name.ts'
import type { Reading } from './reading.ts'
import { IGNORED_KEYS } from './schema/ignored-keys.ts'
import { FLAG_KEYS, KNOWN_FLAGS } from './schema/schema.ts'

/** What the process is asked to do. */
export type Action = 'run' | 'dump-config' | 'help' | 'version'

interface FlagValue {
  readonly flag: string
  readonly path: string
  readonly value: string
}

/** The flags as they were written, before their values are checked. */
export interface CommandLine {
  readonly action: Action
  readonly configFile: string | undefined
  readonly values: readonly FlagValue[]
}

// restate-server's other names of flags, and its switches that have nothing to switch here.
const FLAG_ALIASES: ReadonlyMap<string, string> = new Map([
  ['-c', '--config-file'],
  ['-h', '--help'],
  ['-V', '--version'],
  ['--role', '--roles'],
  ['--node-location', '--location'],
])
const IDLE_SWITCHES: ReadonlySet<string> = new Set(['--production', '--no-logo'])

const flagPaths: ReadonlyMap<string, string> = new Map(
  [...FLAG_KEYS.map((key) => key.path), ...IGNORED_KEYS.filter((key) => key.flag).map((key) => key.pattern)].map(
    (path) => [flagName(path), path],
  ),
)
const switches: ReadonlySet<string> = new Set(
  FLAG_KEYS.filter((key) => key.type.name === 'boolean').map((key) => flagName(key.path)),
)

/**
 * Splits the arguments (without node and script) into flags. `--flag value` and `--flag=value` are the same; a boolean flag
 * alone means true. Throws `ConfigUnknownKey` for an unknown flag, `ConfigCommandLine` for one that is incomplete.
 */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  let action: Action = 'run'
  let configFile: string | undefined
  const values: FlagValue[] = []
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? ''
    const equals = argument.startsWith('--') ? argument.indexOf('=') : -1
    const written = equals === -1 ? argument : argument.slice(0, equals)
    const inline = equals === -1 ? undefined : argument.slice(equals + 1)
    const flag = FLAG_ALIASES.get(written) ?? written
    if (flag === '--help' || flag === '--version')
      return { action: flag === '--help' ? 'help' : 'version', configFile, values }
    if (flag === '--dump-config') {
      action = 'dump-config'
      continue
    }
    if (IDLE_SWITCHES.has(flag)) continue
    const path = flagPaths.get(flag)
    if (path === undefined && flag !== '--config-file') throw unknownArgument(written)
    const next = argv[index + 1]
    let value = inline
    if (value === undefined && switches.has(flag) && next !== 'true' && next !== 'false') value = 'true'
    if (value === undefined && next !== undefined && !next.startsWith('--')) {
      value = next
      index++
    }
    if (value === undefined || value === '') throw new ConfigCommandLine(`flag ${written} needs a value`)
    if (path === undefined) configFile = value
    else values.push({ flag, path, value })
  }
  return { action, configFile, values }
}

/** Adds what the flags say. */
export function readCommandLine({ values }: CommandLine, reading: Reading): void {
  for (const { flag, path, value } of values) reading.offer(path, value, { kind: 'flag', name: flag })
}

function unknownArgument(written: string) {
  if (!written.startsWith('-')) {
    return new ConfigCommandLine(`unexpected argument ${JSON.stringify(written)}: every setting is a flag, see --help`)
  }
  const suggestion = nearestName(written, KNOWN_FLAGS)
  const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
  return new ConfigUnknownKey(
    `unknown flag ${written}${hint} Other keys are set in the file or the environment, see --help.`,
  )
}
