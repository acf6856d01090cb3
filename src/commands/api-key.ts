import { apiKeyProblem } from '../config/collection-types.ts'
import { ConfigCommandLine } from '../errors/config.ts'
import { newKey } from '../keys/new-key.ts'

export const apiKeyUsage = `Usage: perdure api-key <name>

Makes an API key for callers of ingress, and prints it once, with the line for ingress.auth.api-keys-file: the name and the hash
of the key. The server never needs the key itself.
`

/** `perdure api-key <name>`, the arguments behind `api-key`. Throws `ConfigCommandLine` for a name that cannot be one. */
export function apiKeyCommand(argv: readonly string[], write: (text: string) => void): void {
  const [name, ...more] = argv
  if (name === '--help' || name === '-h') {
    write(apiKeyUsage)
    return
  }
  const { key, hash } = newKey()
  const problem =
    name === undefined || name.startsWith('-') || more.length > 0
      ? 'write perdure api-key <name>'
      : apiKeyProblem(name, hash)
  if (problem !== undefined) throw new ConfigCommandLine(problem)
  write(`key   ${key}\nline  ${name} ${hash}\n`)
}
