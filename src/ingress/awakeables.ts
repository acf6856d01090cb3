import type { Result } from '../core/journal.ts'
import { IngressBadAwakeable } from '../errors/ingress.ts'
import { parseAwakeableId } from '../protocol/ids/awakeable-id.ts'
import type { Answer } from './answer.ts'
import type { IngressContext } from './context.ts'
import type { Exchange } from './exchange.ts'

/** The code of every rejection (Restate 1.7.12, ingress). */
const rejectionCode = 500

/**
 * The lower indices are the server's own signals, 1 cancels: who may complete an awakeable must not reach them with an
 * id of his own making.
 */
const firstAwakeableIndex = 17

/**
 * Resolves an awakeable with the body as it is, or rejects it with the body as text. 202 when that is durable, also for
 * an awakeable that is completed already or an invocation that is gone: the first completion counts, and who sends
 * another one is not told. Throws `BadId` or `IngressBadAwakeable`.
 */
export function completeAwakeable(
  context: IngressContext,
  operation: 'resolve' | 'reject',
  id: string,
  exchange: Exchange,
): void {
  const { invocationId, signalIndex } = parseAwakeableId(id)
  if (signalIndex < firstAwakeableIndex) {
    throw new IngressBadAwakeable(
      `bad awakeable id: it has the index ${signalIndex}, and awakeables begin at ${firstAwakeableIndex}`,
    )
  }
  exchange.withBody(context.config.ingress.requestSizeLimitBytes, async (body) => {
    await context.client.signal({
      target: invocationId,
      key: { kind: 'signal', index: signalIndex },
      result: operation === 'resolve' ? { kind: 'value', value: body } : rejection(body),
    })
    exchange.answer(accepted)
  })
}

function rejection(body: Uint8Array): Result {
  const message = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
  return { kind: 'failure', failure: { code: rejectionCode, message } }
}

const accepted: Answer = { status: 202, headers: { 'content-length': '0' }, body: undefined, outcome: 'completed' }
