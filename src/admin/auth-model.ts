import type { DeploymentAuth } from '../core/deployment.ts'
import type { AuthRequest } from '../registry/requests.ts'
import { BodyFields } from './json-body.ts'

/** The tag of Google ID tokens on the wire (admin API 1.7.12). */
const GOOGLE_ID_TOKEN = 'GoogleIdToken'

/** Reads the field `auth`: `{"GoogleIdToken": {"audience"?, "impersonate_service_account"?}}`. Absent or null: undefined. */
export function readAuth(fields: BodyFields): AuthRequest | undefined {
  const variants = fields.object('auth')
  if (variants === undefined) return undefined
  const [variant, ...more] = variants
  if (variant?.[0] !== GOOGLE_ID_TOKEN || more.length > 0) {
    throw fields.invalid('auth', `expected {"${GOOGLE_ID_TOKEN}": {}}`)
  }
  const asked = new BodyFields(variant[1], `auth.${GOOGLE_ID_TOKEN}: `)
  return {
    kind: 'google-id-token',
    audience: asked.string('audience'),
    impersonateServiceAccount: asked.string('impersonate_service_account'),
  }
}

/** The field `auth` of answers. Nothing in it is secret. */
export function authModel({ audience, impersonateServiceAccount }: DeploymentAuth) {
  return {
    [GOOGLE_ID_TOKEN]: {
      audience,
      ...(impersonateServiceAccount === undefined ? {} : { impersonate_service_account: impersonateServiceAccount }),
    },
  }
}
