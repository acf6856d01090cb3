import { ADMIN_ROLES, adminTokenTable } from '../admin-token-types.ts'
import { key, optionalKey } from '../key.ts'
import { boolean, oneOf, path } from '../scalar-types.ts'

/** Who may use admin. Without tokens, whoever can connect may do everything. */
export const adminAuthKeys = {
  tokens: key({
    path: 'admin.tokens',
    from: 'perdure',
    type: adminTokenTable,
    default: {},
    secret: true,
    description:
      'Tokens that requests over TCP must carry as "Authorization: Bearer": the name of each, its role (read-only, operator or admin), and its SHA-256.',
  }),
  tokensFile: optionalKey({
    path: 'admin.tokens-file',
    from: 'perdure',
    type: path,
    example: '/etc/perdure/admin-tokens',
    description:
      'More tokens, a line each: name, role, and "sha256:" with 64 hexadecimal digits. Mode 0600. Read again when it changes.',
  }),
  unixSocketRole: key({
    path: 'admin.unix-socket-role',
    from: 'perdure',
    type: oneOf(...ADMIN_ROLES),
    default: 'admin',
    description:
      'What those who may open the Unix socket of admin may do without a token; a token of a higher role raises it.',
  }),
  allowUnauthenticated: key({
    path: 'admin.allow-unauthenticated',
    from: 'perdure',
    type: boolean,
    default: false,
    description: 'Start although admin listens beyond this machine and asks nobody who he is.',
  }),
}

export const fabricAuthKeys = {
  allowUnauthenticated: key({
    path: 'fabric-allow-unauthenticated',
    from: 'perdure',
    type: boolean,
    default: false,
    description:
      'Start although fabric, which shows health and metrics, listens beyond this machine and asks nobody who he is.',
  }),
}
