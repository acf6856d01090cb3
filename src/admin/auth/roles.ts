import { ADMIN_ROLES } from '../../config/admin-token-types.ts'
import type { AdminRole } from '../../config/config.ts'
import type { Visibility } from '../../query/visibility.ts'

/** Each role may do what those below it may. */
export function mayDo(role: AdminRole, needed: AdminRole): boolean {
  return ADMIN_ROLES.indexOf(role) >= ADMIN_ROLES.indexOf(needed)
}

export function higherOf(a: AdminRole, b: AdminRole): AdminRole {
  return mayDo(a, b) ? a : b
}

/** Operators see what they operate; who only looks, what there is and how it is, but nothing that callers and handlers said. */
export function visibilityOf(role: AdminRole): Visibility {
  switch (role) {
    case 'admin':
      return 'everything'
    case 'operator':
      return 'content'
    case 'read-only':
      return 'structure'
  }
}
