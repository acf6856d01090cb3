import { defineError } from './perdure-error.ts'

/** A frame or message that cannot be what the service protocol allows. The attempt fails with RT0012. */
export const ProtocolMalformed = defineError({
  code: 'PERDURE_ERR_PROTOCOL_MALFORMED',
  status: 500,
  restateCode: 'RT0012',
})

const MessageTooLargeError = defineError({
  code: 'PERDURE_ERR_PROTOCOL_MESSAGE_TOO_LARGE',
  status: 500,
  restateCode: 'RT0003',
})

/** A frame announced a payload of `lengthBytes`, which is not below `limitBytes`. The payload was not read. */
export class MessageTooLarge extends MessageTooLargeError {
  readonly lengthBytes: number
  readonly limitBytes: number

  constructor(lengthBytes: number, limitBytes: number) {
    super(
      `hit message size limit: ${lengthBytes} >= ${limitBytes}. ` +
        'Send smaller values, or raise worker.invoker.message-size-limit',
    )
    this.lengthBytes = lengthBytes
    this.limitBytes = limitBytes
  }
}

/** A tree of awaited futures (protocol V7) is nested deeper than is accepted. */
export const FutureTooDeep = defineError({
  code: 'PERDURE_ERR_PROTOCOL_FUTURE_TOO_DEEP',
  status: 500,
  restateCode: 'RT0025',
})

/** Why an id text was refused, in the words of the peer's answers. */
export type BadIdReason =
  | 'bad format'
  | 'bad length'
  | 'unrecognized codec version'
  | `unrecognized resource type: ${string}`
  | "id doesn't match the expected type"
  | 'base62 decode error'

const BadIdError = defineError({ code: 'PERDURE_ERR_PROTOCOL_BAD_ID', status: 400 })

/** Ids come from callers: more than this of one is not repeated to them. */
const shownIdLength = 100

/** A text that should be an id is none. The message is `bad <kind> id '<text>': <reason>`. */
export class BadId extends BadIdError {
  readonly reason: BadIdReason

  constructor(kind: 'invocation' | 'deployment' | 'awakeable', text: string, reason: BadIdReason) {
    const shown = text.length > shownIdLength ? `${text.slice(0, shownIdLength)}…` : text
    super(`bad ${kind} id '${shown}': ${reason}`)
    this.reason = reason
  }
}

/** The manifest is no JSON, or does not follow the schema of endpoint manifests. */
export const ManifestUndecodable = defineError({
  code: 'PERDURE_ERR_PROTOCOL_MANIFEST_UNDECODABLE',
  status: 500,
})

/** The manifest follows the schema, but what it says of the protocol cannot be. */
export const ManifestInvalid = defineError({
  code: 'PERDURE_ERR_PROTOCOL_MANIFEST_INVALID',
  status: 500,
  restateCode: 'META0013',
})

/** A handler declares a content type that can match no request or cannot be sent. */
export const ManifestContentType = defineError({
  code: 'PERDURE_ERR_PROTOCOL_MANIFEST_CONTENT_TYPE',
  status: 400,
})
