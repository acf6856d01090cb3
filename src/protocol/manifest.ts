import { isUtf8 } from 'node:buffer'
import { ManifestInvalid } from '../errors/protocol.ts'
import { Fields, undecodable } from './manifest/fields.ts'
import { type ManifestService, readService } from './manifest/service.ts'

export type { ManifestHandler, ManifestInput, ManifestOutput } from './manifest/handler.ts'
export type { ManifestOptions, ManifestRetryPolicy } from './manifest/options.ts'
export type { ManifestService } from './manifest/service.ts'

/** What a deployment says about itself at discovery. */
export interface EndpointManifest {
  readonly protocolMode: 'BIDI_STREAM' | 'REQUEST_RESPONSE'
  readonly minProtocolVersion: number
  readonly maxProtocolVersion: number
  /** For Lambda deployments; nothing else uses it. */
  readonly lambdaCompression?: 'zstd'
  /** As listed; a name may come twice. */
  readonly services: readonly ManifestService[]
}

const largestVersion = 2 ** 31 - 1

/**
 * Decodes the body of a discovery response. One strict schema, that of v4, reads all four versions, as the peer does:
 * unknown fields are errors, `null` is the same as absent. JSON does not tell 1.0 from 1, so both are whole numbers.
 *
 * @throws ManifestUndecodable for what does not follow the schema.
 * @throws ManifestInvalid for a protocol mode that is missing or versions that cannot be.
 * @throws ManifestContentType for content types that a handler cannot have.
 */
export function decodeManifest(body: Uint8Array): EndpointManifest {
  const fields = new Fields(parseJson(body), '$')
  const mode = fields.oneOf('protocolMode', ['BIDI_STREAM', 'REQUEST_RESPONSE'])
  const minProtocolVersion = fields.required('minProtocolVersion', fields.integer('minProtocolVersion'))
  const maxProtocolVersion = fields.required('maxProtocolVersion', fields.integer('maxProtocolVersion'))
  const lambdaCompression = fields.oneOf('lambdaCompression', ['zstd'])
  const services = fields.list('services', readService)
  fields.done()
  if (mode === undefined) {
    throw new ManifestInvalid('$.protocolMode is missing; allowed: BIDI_STREAM, REQUEST_RESPONSE')
  }
  checkVersions(minProtocolVersion, maxProtocolVersion)
  const manifest = { protocolMode: mode, minProtocolVersion, maxProtocolVersion, services }
  return lambdaCompression === undefined ? manifest : { ...manifest, lambdaCompression }
}

function parseJson(body: Uint8Array): unknown {
  if (!isUtf8(body)) throw undecodable('$', 'the body is not UTF-8')
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'))
  } catch {
    // The parser's message repeats parts of the body, which may be any page that answered.
    throw undecodable('$', 'the body is not JSON')
  }
}

function checkVersions(min: number, max: number): void {
  if (min < 1) throw undecodable('$.minProtocolVersion', `expected a whole number, at least 1, found ${min}`)
  if (max > largestVersion || min > max) {
    throw new ManifestInvalid(
      `$.minProtocolVersion ${min} and $.maxProtocolVersion ${max} are no range; ` +
        `allowed: whole numbers from 1 to ${largestVersion}, the minimum not above the maximum`,
    )
  }
}
