import fc from 'fast-check'
import { decodeManifest } from '../../src/protocol/manifest.ts'
import { mutated, outcomeOf, target } from './target.ts'

const retryPolicy = {
  retryPolicyInitialInterval: 100,
  retryPolicyMaxInterval: 1000,
  retryPolicyMaxAttempts: 3,
  retryPolicyExponentiationFactor: 2,
  retryPolicyOnMaxAttempts: 'PAUSE',
}
const options = {
  documentation: 'what it does',
  metadata: { team: 'a' },
  inactivityTimeout: 1000,
  abortTimeout: 1000,
  journalRetention: 1000,
  idempotencyRetention: 1000,
  enableLazyState: true,
  ingressPrivate: false,
  ...retryPolicy,
}
const manifest = {
  protocolMode: 'BIDI_STREAM',
  minProtocolVersion: 5,
  maxProtocolVersion: 7,
  services: [
    {
      name: 'Greeter',
      ty: 'VIRTUAL_OBJECT',
      ...options,
      handlers: [
        {
          name: 'greet',
          ty: 'EXCLUSIVE',
          ...options,
          workflowCompletionRetention: 1000,
          input: { required: true, contentType: 'application/json', jsonSchema: { type: 'string' } },
          output: { contentType: 'application/json', setContentTypeIfEmpty: false, jsonSchema: { $ref: '#' } },
        },
      ],
    },
  ],
}

type Json = unknown

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<Json>(-1, 0, 1.5, 2 ** 31, 2 ** 53, 1e308, '', 'SERVICE', 'WORKFLOW', [], {}, null, true),
  fc.constantFrom<Json>('__proto__', 'constructor', 'a'.repeat(5000), '*/*', 'text/', '\u0000', '\ud800'),
)

/** One field of the manifest, wherever it is, gets another value, another name, or is gone. */
const structural = fc
  .tuple(fc.array(fc.tuple(fc.nat(), fc.constantFrom('set', 'remove', 'rename'), odd), { maxLength: 4 }))
  .map(([changes]) => {
    const changed: Json = structuredClone(manifest)
    for (const [at, kind, value] of changes) {
      const places = placesOf(changed)
      const place = places[at % places.length]
      if (place === undefined) continue
      const [owner, name] = place
      if (kind === 'set') owner[name] = structuredClone(value)
      else {
        // In an array, a name like 4294967294 would make it that long.
        if (kind === 'rename' && !Array.isArray(owner)) owner[(JSON.stringify(value) ?? '').slice(0, 50)] = owner[name]
        delete owner[name]
      }
    }
    return Buffer.from(JSON.stringify(changed))
  })

function placesOf(value: Json): [Record<string, Json>, string][] {
  if (typeof value !== 'object' || value === null) return []
  const owner = value as Record<string, Json>
  return Object.keys(owner).flatMap((name) => [
    [owner, name] as [Record<string, Json>, string],
    ...placesOf(owner[name]),
  ])
}

/** What a deployment says of itself at discovery: a manifest or a clear error. */
export const manifestDecoder = target(
  'manifest',
  fc.oneof(
    structural,
    mutated(structural),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  ),
  (body) => void outcomeOf(() => decodeManifest(body)),
)
