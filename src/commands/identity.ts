import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { loadConfig } from '../config/load-config.ts'
import { ConfigCommandLine } from '../errors/config.ts'
import { readIdentityKey, writeNewIdentityKey } from '../invoker/identity-key.ts'
import { RequestIdentity } from '../invoker/request-identity.ts'

export const identityUsage = `Usage: perdure identity generate <file>
       perdure identity show [<file>] [--config-file <path>]

The key with which the server proves to services that requests are its own.

generate  Makes a key, writes it into a new file that only its owner can read, and prints its public key: services
          take it as one of their identityKeys.
show      Prints the public key of a file; without a file, of the keys that the server is configured with.

  -c, --config-file <path>
      The configuration of the server. [RESTATE_CONFIG]
  -h, --help
`

export interface IdentitySurroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly write: (text: string) => void
}

/**
 * `perdure identity …`, the arguments behind `identity`. Throws `ConfigCommandLine` for arguments that cannot be
 * understood, `IdentityKeyInvalid` for a key that cannot be used, and as `loadConfig` does. No private key is ever printed.
 */
export function identityCommand(argv: readonly string[], { env, cwd, write }: IdentitySurroundings): void {
  const { values, positionals } = parse(argv)
  if (values.help === true) {
    write(identityUsage)
    return
  }
  const [action, file, ...more] = positionals
  const configFile = values['config-file']
  if (more.length === 0 && action === 'generate' && file !== undefined && configFile === undefined) {
    write(`${writeNewIdentityKey(resolve(cwd, file)).publicKey}\n`)
  } else if (more.length === 0 && action === 'show' && file !== undefined && configFile === undefined) {
    write(`${readIdentityKey(resolve(cwd, file)).publicKey}\n`)
  } else if (action === 'show' && file === undefined) {
    const loaded = loadConfig({ argv: configFile === undefined ? [] : ['--config-file', configFile], env, cwd })
    if (!('config' in loaded)) throw new Error('invariant: without flags there is a configuration')
    write(configuredKeys(loaded.config.worker.invoker))
  } else {
    throw new ConfigCommandLine(
      'write perdure identity generate <file> or perdure identity show [<file>]; perdure identity --help tells more',
    )
  }
}

function configuredKeys(config: {
  readonly requestIdentityPrivateKeyPemFile: string | undefined
  readonly requestIdentityNextPrivateKeyPemFile: string | undefined
  readonly requestIdentityExpirationMs: number
}): string {
  const { requestIdentityPrivateKeyPemFile: file, requestIdentityNextPrivateKeyPemFile: nextFile } = config
  if (file === undefined) {
    throw new ConfigCommandLine(
      'no key is configured: set worker.invoker.request-identity-private-key-pem-file, or name a file',
    )
  }
  const expirationMs = config.requestIdentityExpirationMs
  const { publicKey, nextPublicKey } = new RequestIdentity({ file, nextFile, expirationMs, now: Date.now })
  return `signs  ${publicKey}\n${nextPublicKey === undefined ? '' : `next   ${nextPublicKey}\n`}`
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { 'config-file': { type: 'string', short: 'c' }, help: { type: 'boolean', short: 'h' } },
    })
  } catch (error) {
    throw new ConfigCommandLine(error instanceof Error ? error.message : String(error))
  }
}
