import { apiKeyProblem, textTable } from './collection-types.ts'
import type { AdminRole, AdminTokenConfig } from './config.ts'
import { accepted, type ValueType } from './value-type.ts'

/** What a token may do, from least to most; each role may do what those before it may. */
export const ADMIN_ROLES: readonly AdminRole[] = ['read-only', 'operator', 'admin']

const texts = textTable(
  'admin tokens',
  'a table of names and a role with a hash, such as { ci = "operator sha256:<64 hexadecimal digits>" }',
  // The reasons never show a value: somebody may have written the token itself.
  (name, value) => {
    const token = readAdminToken(name, value.split(' '))
    return typeof token === 'string' ? token : undefined
  },
)

/** Names of admin tokens, what they may do, and their SHA-256. */
export const adminTokenTable: ValueType<Readonly<Record<string, AdminTokenConfig>>> = {
  name: texts.name,
  allowed: texts.allowed,
  jsonSchema: texts.jsonSchema,
  parse: (raw) => {
    const parsed = texts.parse(raw)
    if (!parsed.ok) return parsed
    const tokens = Object.entries(parsed.value).flatMap(([name, value]): [string, AdminTokenConfig][] => {
      const token = readAdminToken(name, value.split(' '))
      return typeof token === 'string' ? [] : [[name, token]]
    })
    return accepted(Object.fromEntries(tokens))
  },
  format: (value) =>
    texts.format(Object.fromEntries(Object.entries(value).map(([name, { role, hash }]) => [name, `${role} ${hash}`]))),
}

/** A token of its name and the two words behind it, or why it cannot be one. The text shows none of the words. */
export function readAdminToken(
  name: string,
  [roleText, hash = '', ...more]: readonly string[],
): AdminTokenConfig | string {
  const role = ADMIN_ROLES.find((each) => each === roleText)
  if (role === undefined || more.length > 0) {
    return `expected a role, one of ${ADMIN_ROLES.join(', ')}, and the hash of the token`
  }
  return apiKeyProblem(name, hash) ?? { role, hash }
}
