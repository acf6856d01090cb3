import { apiKeyTable, claimTable, headerNames, textList } from '../collection-types.ts'
import { computedKey, key, optionalKey } from '../key.ts'
import { boolean, duration, oneOf, path, text } from '../scalar-types.ts'
import { checked } from '../value-type.ts'
import { jwksUrl, requestHeaderName } from '../web-types.ts'

const algorithms = ['RS256', 'ES256', 'EdDSA']
const maxClockSkewMs = 300_000

const profile = key({
  path: 'ingress.auth.jwt.profile',
  from: 'perdure',
  type: oneOf('generic', 'google-iap'),
  default: 'generic',
  description:
    'google-iap: the assertion of Google’s Identity-Aware Proxy; issuer, header, algorithm and keys are then known, and only audiences is to be set.',
})

/** How callers of ingress prove who they are. Nothing is asked of them unless API keys or an issuer are configured. */
export const ingressAuthKeys = {
  apiKeys: key({
    path: 'ingress.auth.api-keys',
    from: 'perdure',
    type: apiKeyTable,
    default: {},
    secret: true,
    description: 'API keys that callers may use: the name of each, which becomes the subject, and its SHA-256.',
  }),
  apiKeysFile: optionalKey({
    path: 'ingress.auth.api-keys-file',
    from: 'perdure',
    type: path,
    example: '/etc/perdure/api-keys',
    description:
      'More API keys, a line each: name, space, "sha256:" and 64 hexadecimal digits. Read again when it changes, and on SIGHUP.',
  }),
  apiKeyHeaders: key({
    path: 'ingress.auth.api-key-headers',
    from: 'perdure',
    type: headerNames,
    default: ['authorization', 'x-api-key'],
    description: 'Headers that an API key may come in; in authorization as "Bearer <key>", in any other as it is.',
  }),
  subjectHeader: optionalKey({
    path: 'ingress.auth.subject-header',
    from: 'perdure',
    type: requestHeaderName,
    example: 'x-caller-id',
    description: 'Header that tells handlers, and the journal, who called. A copy that a caller sends is dropped.',
  }),
  openHealth: key({
    path: 'ingress.auth.open-health',
    from: 'perdure',
    type: boolean,
    default: true,
    description: 'Answer /restate/health without credentials; the names of the services are then left out.',
  }),
  profile,
  issuer: optionalKey({
    path: 'ingress.auth.jwt.issuer',
    from: 'perdure',
    type: text,
    example: 'https://login.example/',
    description: 'The only issuer (iss) whose tokens are accepted.',
  }),
  audiences: key({
    path: 'ingress.auth.jwt.audiences',
    from: 'perdure',
    type: textList('audiences', 'audiences', (item) => (item === '' ? 'it is empty' : undefined)),
    default: [],
    description: 'Whom a token must be for (aud): one of these.',
  }),
  jwksUrl: optionalKey({
    path: 'ingress.auth.jwt.jwks-url',
    from: 'perdure',
    type: jwksUrl,
    example: 'https://login.example/.well-known/jwks.json',
    description:
      'Where the public keys of the issuer are. Kept for ten minutes, and fetched again for a key id that is new.',
  }),
  jwksFile: optionalKey({
    path: 'ingress.auth.jwt.jwks-file',
    from: 'perdure',
    type: path,
    example: '/etc/perdure/jwks.json',
    description: 'The public keys in a file, in place of jwks-url. Read again when it changes, and on SIGHUP.',
  }),
  header: computedKey({
    path: 'ingress.auth.jwt.header',
    from: 'perdure',
    type: requestHeaderName,
    defaultText: '"authorization"; "x-goog-iap-jwt-assertion" with the profile google-iap',
    compute: (settings) => (settings.get(profile) === 'google-iap' ? 'x-goog-iap-jwt-assertion' : 'authorization'),
    description: 'Header that a token comes in; in authorization as "Bearer <token>", in any other as it is.',
  }),
  algorithms: computedKey({
    path: 'ingress.auth.jwt.algorithms',
    from: 'perdure',
    type: textList('algorithms', algorithms.join(', '), (item) =>
      algorithms.includes(item) ? undefined : 'it is none of these',
    ),
    defaultText: '["RS256", "ES256", "EdDSA"]; ["ES256"] with the profile google-iap',
    compute: (settings) => (settings.get(profile) === 'google-iap' ? ['ES256'] : algorithms),
    description: 'Signature algorithms that are accepted.',
  }),
  clockSkew: key({
    path: 'ingress.auth.jwt.clock-skew',
    from: 'perdure',
    type: checked(duration, 'a duration of at most 5 minutes', (value) =>
      value > maxClockSkewMs ? 'it is more than 5 minutes' : undefined,
    ),
    default: 30_000,
    description: 'How far the clocks of the issuer and of this machine may be apart.',
  }),
  requiredClaims: key({
    path: 'ingress.auth.jwt.required-claims',
    from: 'perdure',
    type: claimTable,
    default: {},
    description:
      'Claims that a token must have beside iss, aud, exp and the subject: { hd = "example.com" } for a value, or an item of a list; "*" for any.',
  }),
  subjectClaim: key({
    path: 'ingress.auth.jwt.subject-claim',
    from: 'perdure',
    type: text,
    default: 'sub',
    description: 'The claim that says who the caller is.',
  }),
}
