import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { buildConfig } from './build-config.ts'
import { parseCommandLine, readCommandLine } from './command-line.ts'
import type { Config } from './config.ts'
import { dumpSettings } from './dump.ts'
import { CONFIG_FILE_VARIABLE, type Environment, readEnvironment } from './environment-source.ts'
import { helpText } from './help.ts'
import { Reading } from './reading.ts'
import { Settings } from './settings.ts'
import { readTomlFile } from './toml-source.ts'

export interface ConfigSources {
  /** Arguments behind node and the script. */
  readonly argv: readonly string[]
  readonly env: Environment
  /** Absolute; relative paths start here. */
  readonly cwd: string
  /** Text of a file; throws when there is none. The file system by default. */
  readonly readFile?: (file: string) => string
  /** Default of node-name; the machine's by default. */
  readonly hostName?: string
}

/** `help` and `version` are answered whatever the rest of the configuration looks like. */
export type LoadedConfig =
  | { readonly action: 'help'; readonly text: string }
  | { readonly action: 'version' }
  | {
      readonly action: 'run' | 'dump-config'
      readonly config: Config
      /** The file that was read, absolute. */
      readonly file: string | undefined
      /** One line each, for the log at start. */
      readonly warnings: readonly string[]
      /** All settings as TOML with their origin, secrets masked. */
      dump(): string
    }

/**
 * Loads the configuration: defaults, under the TOML file, under environment variables, under flags.
 * Throws one of the errors of `errors/config.ts`; unknown keys and wrong values are reported all at once.
 */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const commandLine = parseCommandLine(sources.argv)
  if (commandLine.action === 'help') return { action: 'help', text: helpText() }
  if (commandLine.action === 'version') return { action: 'version' }
  const reading = new Reading()
  const named = commandLine.configFile ?? sources.env[CONFIG_FILE_VARIABLE]
  const file = named === undefined || named === '' ? undefined : resolve(sources.cwd, named)
  if (file !== undefined) readTomlFile(file, sources.readFile ?? ((name) => readFileSync(name, 'utf8')), reading)
  readEnvironment(sources.env, reading)
  readCommandLine(commandLine, reading)
  const error = reading.error()
  if (error !== undefined) throw error
  const settings = new Settings(reading.given(), { hostName: sources.hostName ?? hostname() })
  const config = buildConfig(settings, sources.cwd, (line) => reading.warn(line))
  return { action: commandLine.action, config, file, warnings: reading.warnings(), dump: () => dumpSettings(settings) }
}

/** The configuration with nothing set, data below `cwd`. */
export function defaultConfig(cwd: string): Config {
  return buildConfig(new Settings(new Map(), { hostName: hostname() }), cwd, () => {})
}
