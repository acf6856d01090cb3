import { ADMIN_ROLES, readAdminToken } from '../config/admin-token-types.ts'
import { ConfigCommandLine } from '../errors/config.ts'
import { newKey } from '../keys/new-key.ts'

export const adminTokenUsage = `Usage: perdure admin-token <name> <role>

Makes a token for admin, and prints it once, with the line for admin.tokens-file: its name, role and hash. The server never needs
the token itself; the CLI takes it from RESTATE_AUTH_TOKEN. Roles: ${ADMIN_ROLES.join(', ')}.
`

/** `perdure admin-token <name> <role>`, the arguments behind `admin-token`. Throws `ConfigCommandLine` for what cannot be one. */
export function adminTokenCommand(argv: readonly string[], write: (text: string) => void): void {
  const [name, role, ...more] = argv
  if (name === '--help' || name === '-h') {
    write(adminTokenUsage)
    return
  }
  const { key, hash } = newKey()
  if (name === undefined || name.startsWith('-') || role === undefined || more.length > 0) {
    throw new ConfigCommandLine('write perdure admin-token <name> <role>')
  }
  const token = readAdminToken(name, [role, hash])
  if (typeof token === 'string') throw new ConfigCommandLine(token)
  write(`token  ${key}\nline   ${name} ${role} ${hash}\n`)
}
