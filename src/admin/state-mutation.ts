import type { MutateState } from '../core/commands/command.ts'
import { AdminField, AdminNotFound } from '../errors/admin.ts'
import type { PartitionClient } from '../partition/partition-client.ts'
import { BodyFields } from './json-body.ts'
import type { AdminCall, AdminRoute } from './operation.ts'

// Unlike `Buffer.from`, it makes arrays of their own: state stays in memory for long.
const utf8 = new TextEncoder()

/** URL-safe base64, without padding, of the SHA-256 over a state. */
const stateVersion = /^[A-Za-z0-9_-]{43}$/

/**
 * `POST /services/{service}/state` replaces the whole state of one key. 202: it has its place in the key's queue; if it
 * then meets another version than it asks for, it changes nothing, and nobody is told (admin API 1.7.12).
 */
export function stateRoutes(client: Pick<PartitionClient, 'schema' | 'mutateState'>, now: () => number): AdminRoute[] {
  return [
    {
      path: '/services/:service/state',
      methods: {
        POST: {
          jsonBody: true,
          audit: 'state.mutate',
          async handle({ params: { service = '' }, body, note }) {
            const mutation = readMutation(body, note)
            const type = client.schema.service(service)?.service.type
            // What services that are gone have left behind can still be cleared.
            if (type === undefined && mutation.state.length > 0) {
              throw new AdminNotFound(`The requested service '${service}' does not exist`)
            }
            if (type === 'Service') throw new AdminField(`Cannot modify state for service type ${type}`)
            await client.mutateState({ type: 'mutate-state', now: now(), service, ...mutation })
            const { version, state } = mutation
            return {
              status: 202,
              audit: { service, stateKeys: state.length, ...(version === undefined ? {} : { version }) },
            }
          },
        },
      },
    },
  ]
}

function readMutation(body: unknown, note: AdminCall['note']): Pick<MutateState, 'key' | 'version' | 'state'> {
  const fields = new BodyFields(body)
  const version = fields.string('version')
  const key = fields.string('object_key')
  const scope = fields.string('scope')
  if (key === undefined) throw fields.invalid('object_key', 'missing field')
  note({ objectKey: key })
  const newState = fields.object('new_state')
  if (newState === undefined) throw fields.invalid('new_state', 'missing field')
  if (!key.isWellFormed()) throw fields.invalid('object_key', 'it has half of a surrogate pair')
  const state = newState.map(([name, value]): [Uint8Array, Uint8Array] => {
    const problem = (reason: string) => fields.invalid(`new_state.${name}`, reason)
    if (!name.isWellFormed()) throw problem('the key has half of a surrogate pair')
    return [utf8.encode(name), bytesOf(value, problem)]
  })
  // A version of another form can never be met, and the caller would never know.
  if (version !== undefined && !stateVersion.test(version)) {
    throw new AdminField(
      "The request field 'version' is invalid. Reason: expected the version of a state, 43 characters of URL-safe base64",
    )
  }
  if (scope !== undefined) {
    throw new AdminField("The request field 'scope' is invalid. Reason: scopes are not supported by perdure")
  }
  return { key, version, state }
}

/** A value of the state: an array of numbers, or text that stands for its UTF-8 bytes. */
function bytesOf(value: unknown, problem: (reason: string) => Error): Uint8Array {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw problem('it has half of a surrogate pair')
    return utf8.encode(value)
  }
  if (!Array.isArray(value)) throw problem('expected bytes, as an array of numbers or a string')
  const bytes = new Uint8Array(value.length)
  for (const [index, byte] of value.entries()) {
    if (!Number.isInteger(byte) || byte < 0 || byte > 255) throw problem(`[${index}] is no byte`)
    bytes[index] = byte
  }
  return bytes
}
