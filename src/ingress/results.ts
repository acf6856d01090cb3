import type { OutputRule } from '../core/deployment.ts'
import type { InvocationId } from '../core/ids.ts'
import type { InvocationTarget } from '../core/invocation.ts'
import { IngressInvocationNotFound, IngressNotFound, IngressNotReady } from '../errors/ingress.ts'
import type { Completion } from '../partition/partition-client.ts'
import { completionAnswer, invocationErrorAnswer } from './answer.ts'
import type { IngressContext } from './context.ts'
import type { Exchange } from './exchange.ts'
import type { ResultOperation } from './path.ts'

/** The handler that an invocation is of; its output rule names the content type of the result. */
export type HandlerName = Pick<InvocationTarget, 'service' | 'handler'>

/** Where the handler is not known any more: as if it declared no output. */
const undeclaredOutput: OutputRule = { kind: 'content-type', contentType: 'application/json', setIfEmpty: false }

/** Answers an attach, which waits, or an output, which does not. */
export async function answerResult(
  context: IngressContext,
  operation: ResultOperation,
  id: InvocationId,
  exchange: Exchange,
): Promise<void> {
  const { client } = context
  // Before the wait: an invocation that keeps nothing is gone when its result is there.
  const target = client.invocation(id)?.target
  if (operation === 'attach') {
    const waiting = exchange.cancelWithCaller(client.attach(id))
    answerCompletion(context, id, target, await waiting.completion, exchange)
    return
  }
  const output = await client.output(id)
  switch (output.status) {
    case 'unknown':
      throw new IngressInvocationNotFound(`there is no invocation ${id}, or its result is no longer kept`)
    case 'in-flight':
      throw new IngressNotReady('the invocation has not completed yet')
    case 'completed':
      answerCompletion(context, id, target, output.completion, exchange)
  }
}

/**
 * Answers with a result. Its content type is that of the handler as it is registered now; a success of a handler that is
 * registered no more is 404 (Restate 1.7.12, ingress). `undefined` for `completion`: there is no such invocation.
 */
export function answerCompletion(
  context: IngressContext,
  id: InvocationId,
  handler: HandlerName | undefined,
  completion: Completion | undefined,
  exchange: Exchange,
): void {
  if (completion === undefined) {
    exchange.answer(invocationErrorAnswer(id, 404, 'there is no such invocation, or its result is no longer kept'))
    return
  }
  exchange.answer(completionAnswer(completion, outputRule(context, handler, completion), exchange.maxStatus))
}

function outputRule(context: IngressContext, handler: HandlerName | undefined, completion: Completion): OutputRule {
  if (handler === undefined || completion.result.kind === 'failure') return undeclaredOutput
  const resolved = context.client.schema.handler(handler.service, handler.handler)
  if (resolved === undefined) {
    throw new IngressNotFound(`${handler.service}/${handler.handler}, which this is a result of, is registered no more`)
  }
  return resolved.handler.output
}
