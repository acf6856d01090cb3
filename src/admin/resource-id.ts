import type { BadIdReason } from '../errors/protocol.ts'
import { base62Width, readBase62 } from '../protocol/ids/base62.ts'
import { checkIdText } from '../protocol/ids/id-text.ts'

/** What the bodies of ids of Kafka subscriptions and of vqueues hold, in bytes for each number. */
const NUMBERS = { sub: [16], vq: [8, 16] } as const

const scratch = new Uint8Array(16)

/** Why a text is no id of this kind; `undefined` for an id. Such ids are only checked: nothing here has one. */
export function resourceIdProblem(text: string, prefix: keyof typeof NUMBERS): BadIdReason | undefined {
  const numbers: readonly (8 | 16)[] = NUMBERS[prefix]
  const width = numbers.reduce((sum: number, byteLength) => sum + base62Width(byteLength), 0)
  const problem = checkIdText(text, prefix, width)
  if (problem !== undefined) return problem
  let at = prefix.length + 2
  for (const byteLength of numbers) {
    if (!readBase62(text, at, byteLength, scratch, 0)) return 'base62 decode error'
    at += base62Width(byteLength)
  }
  return undefined
}
