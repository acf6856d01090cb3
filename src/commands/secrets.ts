import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load-config.ts'
import { ConfigCommandLine } from '../errors/config.ts'
import { SealingKeyFileInvalid } from '../errors/sealing.ts'
import { DirectoryLock } from '../log/directory-lock.ts'
import { checkDataDirectory } from '../sealing/data-directory.ts'
import { createKeyFile, generateKeyLine, readKeyFile } from '../sealing/key-file.ts'
import type { KeyRing } from '../sealing/key-ring.ts'
import { prepareSealing, resealAll } from '../store/open-sealed.ts'
import { type SealingUse, sealingUses } from './sealing-uses.ts'

export const secretsUsage = `Usage: perdure secrets generate-key [<file>]
       perdure secrets status [--config-file <path>]
       perdure secrets reseal [--config-file <path>]

generate-key makes a key for secrets.key-file: prints it, or writes it to a new file of mode 0600.
status says which keys of the file the data directory still needs. It may run beside the server.
reseal encrypts the whole store anew under new data keys, for when a key has become known to others. The server must be stopped.

  -c, --config-file <path>
      The configuration of the server. [RESTATE_CONFIG]
  -h, --help
`

export interface SecretsSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly write: (text: string) => void
}

/**
 * `perdure secrets …`, the arguments behind `secrets`. Rejects with `ConfigCommandLine` for arguments that cannot be understood, as
 * `loadConfig` does, and with PERDURE_ERR_SEALING_*.
 */
export async function secretsCommand(argv: readonly string[], surroundings: SecretsSurroundings): Promise<void> {
  const { write } = surroundings
  const { values, positionals } = parse(argv)
  const [subject, file, ...more] = positionals
  if (values.help === true) {
    write(secretsUsage)
    return
  }
  if (subject === 'generate-key' && more.length === 0) {
    if (file === undefined) write(generateKeyLine())
    else createKeyFile(file)
    return
  }
  if ((subject !== 'status' && subject !== 'reseal') || file !== undefined) {
    throw new ConfigCommandLine(
      'write perdure secrets generate-key, status or reseal; perdure secrets --help tells more',
    )
  }
  const { config, keys } = configured(values['config-file'], surroundings)
  const directory = join(config.baseDir, config.nodeName)
  if (subject === 'status') write(statusText(directory, keys))
  else await reseal(directory, keys, write)
}

function configured(file: string | undefined, { env, cwd }: SecretsSurroundings): { config: Config; keys: KeyRing } {
  const loaded = loadConfig({ argv: file === undefined ? [] : ['--config-file', file], env, cwd })
  if (!('config' in loaded)) throw new Error('invariant: without flags there is a configuration')
  const { config } = loaded
  if (config.secrets.keyFile === undefined) {
    throw new SealingKeyFileInvalid('secrets.key-file is not set, so nothing is sealed. See docs/secrets-at-rest.md')
  }
  return { config, keys: readKeyFile(config.secrets.keyFile) }
}

function statusText(directory: string, keys: KeyRing): string {
  const uses = sealingUses(directory)
  const lines = keys.ids.map((id, index) => {
    const use = uses.get(id)
    if (index === 0) return `key ${id}: current, ${usesText(use)}`
    return use === undefined
      ? `key ${id}: not needed any more, it can be removed from the file`
      : `key ${id}: still needed, ${usesText(use)}`
  })
  for (const [id, use] of uses) {
    if (id === undefined) lines.push(`in clear: ${usesText(use)}; start the server once to seal it`)
    else if (keys.find(id) === undefined) lines.push(`key ${id}: needed and not in the file, ${usesText(use)}`)
  }
  return `${lines.join('\n')}\n`
}

function usesText(use: SealingUse | undefined): string {
  return `log segments ${use?.segments ?? 0}, data keys of the store ${use?.dataKeys ?? 0}`
}

/** The log is not touched: its segments go at the next start if they are under another key. */
async function reseal(directory: string, keys: KeyRing, write: (text: string) => void): Promise<void> {
  checkDataDirectory(directory)
  const lock = await DirectoryLock.acquire(join(directory, 'log'))
  try {
    const database = new DatabaseSync(join(directory, 'store', 'store.sqlite'))
    try {
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
      prepareSealing(database, keys)
      resealAll(database, keys)
    } finally {
      database.close()
    }
  } finally {
    await lock.release()
  }
  write(`The store is sealed anew under the key ${keys.current.id}.\n`)
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        'config-file': { type: 'string', short: 'c' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new ConfigCommandLine(error instanceof Error ? error.message : String(error))
  }
}
