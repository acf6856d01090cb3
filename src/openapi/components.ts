const json = 'application/json'
const text = { type: 'string' }

/** What the operations of all services share. Names, and which fields there are, as in the admin API 1.7.12. */
export function sharedComponents() {
  // Those of handlers come to it.
  const schemas: Record<string, unknown> = { RestateError: errorSchema }
  return { parameters, responses, schemas }
}

const parameters = {
  delay: {
    name: 'delay',
    in: 'query',
    required: false,
    description: 'How long to wait before the handler runs, as an ISO 8601 duration or in words: `PT10S`, `1m 30s`.',
    example: '10s',
    schema: text,
  },
  key: { name: 'key', in: 'path', required: true, schema: text },
  idempotencyKeyHeader: {
    name: 'idempotency-key',
    in: 'header',
    required: false,
    description: 'Requests with the same key run once, and get the same result.',
    schema: text,
  },
  idempotencyKeyPath: {
    name: 'idempotencyKey',
    in: 'path',
    required: true,
    description: 'The idempotency key that the handler was called with.',
    schema: text,
  },
}

const errorRef = { $ref: '#/components/schemas/RestateError' }

const responses = {
  GenericError: {
    description: 'An error, of ingress or of the handler',
    content: {
      [json]: { schema: errorRef, example: { code: 500, message: 'Internal server error', source: 'invocation' } },
    },
  },
  InvocationNotFoundError: {
    description: 'There is no such invocation',
    content: {
      [json]: { schema: errorRef, example: { code: 404, message: 'there is no such invocation', source: 'ingress' } },
    },
  },
  InvocationNotReadyError: {
    description: 'The invocation has no result yet',
    content: {
      [json]: { schema: errorRef, example: { code: 470, message: 'it has not completed yet', source: 'ingress' } },
    },
  },
  Send: {
    description: 'The handler will run',
    content: {
      [json]: {
        schema: {
          type: 'object',
          title: 'RestateSendResponse',
          additionalProperties: false,
          required: ['invocationId', 'status'],
          properties: {
            invocationId: text,
            status: { type: 'string', enum: ['Accepted', 'PreviouslyAccepted'] },
            executionTime: { type: 'string', format: 'date-time', description: 'When it will run, if that is later.' },
          },
        },
        example: { invocationId: 'inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz', status: 'Accepted' },
      },
    },
  },
}

const errorSchema = {
  type: 'object',
  title: 'RestateError',
  additionalProperties: false,
  required: ['message', 'source'],
  properties: {
    code: { type: 'number', description: 'The status of the answer, or the code that the handler gave.' },
    message: text,
    stacktrace: text,
    metadata: { type: 'object', additionalProperties: text },
    source: {
      type: 'string',
      enum: ['ingress', 'invocation'],
      description: 'Who says so: the server, or the handler that ran. Also in the header x-restate-error-source.',
    },
  },
}
