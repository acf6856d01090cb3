/** One message in our words and in those of the reference schema. Every field has a value of its own. */
export interface Specimen {
  readonly type: number
  readonly title: string
  readonly message: unknown
  readonly encoded: Buffer
  readonly reference: Record<string, unknown>
}

/** `encode` ties the message to its type. */
export function specimen<Message>(
  type: number,
  encode: (message: Message) => Buffer,
  title: string,
  message: Message,
  reference: Record<string, unknown>,
): Specimen {
  return { type, title, message, encoded: encode(message), reference }
}

export const bytes = (text: string) => Buffer.from(text, 'utf8')
export const named = { resultCompletionId: 7, name: 'entry ñame' }
export const value = { kind: 'value', value: bytes('"content"') } as const
export const failure = {
  kind: 'failure',
  failure: {
    code: 409,
    message: 'no 🎈',
    metadata: [
      ['a', '1'],
      ['a', ''],
    ],
  },
} as const
export const metadata = [{ key: 'a', value: '1' }, { key: 'a' }]
export const referenceFailure = { code: 409, message: 'no 🎈', metadata }
export const future = {
  waitingCompletions: [3, 300],
  waitingSignals: [1],
  waitingNamedSignals: ['go', ''],
  nestedFutures: [
    {
      waitingCompletions: [4],
      waitingSignals: [17],
      waitingNamedSignals: [],
      nestedFutures: [],
      combinator: 'all-succeeded-or-first-failed',
    },
  ],
  combinator: 'first-completed',
} as const
export const referenceFuture = {
  waitingCompletions: [3, 300],
  waitingSignals: [1],
  waitingNamedSignals: ['go', ''],
  nestedFutures: [{ waitingCompletions: [4], waitingSignals: [17], combinatorType: 4 }],
  combinatorType: 1,
}
export const noOptions = { idempotencyKey: undefined, scope: undefined, limitKey: undefined }
export const callee = {
  serviceName: 'Service',
  handlerName: 'handler',
  parameter: bytes('{"a":1}'),
  headers: [['x', 'y'] as const],
  key: 'object',
  invocationIdNotificationIdx: 5,
}
export const referenceCallee = {
  serviceName: 'Service',
  handlerName: 'handler',
  parameter: bytes('{"a":1}'),
  headers: [{ key: 'x', value: 'y' }],
  key: 'object',
  invocationIdNotificationIdx: 5,
}
