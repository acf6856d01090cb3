import {
  type Content,
  duration,
  flag,
  integer,
  listOf,
  nullable,
  nullables,
  number,
  object,
  ref,
  type Schema,
  text,
  texts,
  words,
} from './schema-terms.ts'

const retryPolicy: Content = {
  initial_interval: duration(),
  exponentiation_factor: number(),
  max_attempts: nullable(integer(1, 'Without a number there is no end.')),
  max_interval: duration(),
  on_max_attempts: words('Pause', 'Kill'),
}

const notes: Content = { documentation: text(), metadata: texts() }
const allowList: Content = {
  header_allow_list: listOf(text(), 'Headers of callers that handlers get beside those of the server. An extension.'),
}

const timeouts: Content = {
  idempotency_retention: duration('How long results of calls with an idempotency key are kept.'),
  journal_retention: duration('How long journals are kept.'),
  inactivity_timeout: duration('How long a handler may be silent until it is asked to suspend.'),
  abort_timeout: duration('How long it then has.'),
}

export const serviceSchemas: Readonly<Record<string, Schema>> = {
  ServiceMetadata: object(
    {
      name: text(),
      ty: words('Service', 'VirtualObject', 'Workflow'),
      handlers: listOf(ref('HandlerMetadata')),
      deployment_id: text(),
      revision: integer(1),
      public: flag('Ingress may call it.'),
      ...timeouts,
      enable_lazy_state: flag(),
      retry_policy: object(retryPolicy),
    },
    {
      ...notes,
      ...allowList,
      workflow_completion_retention: duration('How long results of workflows are kept.'),
    },
  ),
  HandlerMetadata: object(
    {
      name: text(),
      public: flag(),
      input_description: text(),
      output_description: text(),
      retry_policy: object({}, retryPolicy),
    },
    {
      ty: words('Exclusive', 'Shared', 'Workflow'),
      ...notes,
      ...timeouts,
      enable_lazy_state: flag(),
      // A JSON schema may also be `true`.
      input_json_schema: {},
      output_json_schema: {},
      ...allowList,
    },
  ),
  ListServicesResponse: object({ services: listOf(ref('ServiceMetadata')) }),
  ListServiceHandlersResponse: object({ handlers: listOf(ref('HandlerMetadata')) }),
  ModifyServiceRequest: object(
    {},
    nullables({
      public: flag('Ingress may call it.'),
      ...timeouts,
      workflow_completion_retention: duration('How long results of workflows are kept.'),
      ...allowList,
      handlers: { type: 'object', additionalProperties: object({}, nullables(allowList)) },
    }),
  ),
  ModifyServiceStateRequest: object(
    {
      object_key: text(),
      new_state: {
        type: 'object',
        description: 'All keys and values, which replace what is there. A string stands for its UTF-8 bytes.',
        additionalProperties: {
          oneOf: [listOf({ type: 'integer', minimum: 0, maximum: 255 }), { type: 'string' }],
        },
      },
    },
    nullables({ version: text('Nothing happens if the state then has another one.') }),
  ),
}
