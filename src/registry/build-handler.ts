import type { HandlerRecord, HandlerType } from '../core/deployment.ts'
import { ServiceInvalid } from '../errors/registry.ts'
import { present } from '../protocol/manifest/options.ts'
import type { ManifestHandler, ManifestService } from '../protocol/manifest.ts'
import { type BuildContext, optionsOf, workflowRetentionOf } from './build-options.ts'
import { jsonSchemaProblem } from './json-schema.ts'
import { inputOf, outputOf } from './payload-rules.ts'

type DeclaredType = NonNullable<ManifestHandler['type']> | 'absent'

/** What a declared type means in each kind of service. A missing pair is refused. */
const handlerTypes: Readonly<Record<ManifestService['type'], Partial<Readonly<Record<DeclaredType, HandlerType>>>>> = {
  SERVICE: { absent: 'Stateless', SHARED: 'Stateless' },
  VIRTUAL_OBJECT: { absent: 'Exclusive', EXCLUSIVE: 'Exclusive', SHARED: 'Shared' },
  // The published schema promises WORKFLOW for an absent type; Restate takes it as SHARED, and SDKs rely on what it does.
  WORKFLOW: { absent: 'Shared', SHARED: 'Shared', WORKFLOW: 'Workflow' },
}

/** One handler of a manifest as it is registered. Throws `ServiceInvalid`. */
export function buildHandler(service: ManifestService, handler: ManifestHandler, context: BuildContext): HandlerRecord {
  const type = handlerTypes[service.type][handler.type ?? 'absent']
  const refuse = (reason: string) => new ServiceInvalid(`the ${context.subject} ${reason}.`)
  if (type === undefined) {
    throw refuse(
      `is declared ${handler.type}, which a ${service.type} cannot have (invalid combination of service type and handler type)`,
    )
  }
  if (type !== 'Workflow' && handler.workflowCompletionRetentionMs !== undefined) {
    throw refuse('sets workflowCompletionRetention, which only the WORKFLOW handler of a workflow can have')
  }
  if (type === 'Workflow' && handler.idempotencyRetentionMs !== undefined) {
    throw refuse('sets idempotencyRetention, but a workflow runs once per key; use workflowCompletionRetention')
  }
  if (service.ingressPrivate === true && handler.ingressPrivate === false) {
    throw refuse('is public while its service is private; make the service public, and the other handlers private')
  }
  for (const [what, payload] of [
    ['input', handler.input],
    ['output', handler.output],
  ] as const) {
    const problem = payload?.jsonSchema === undefined ? undefined : jsonSchemaProblem(payload.jsonSchema)
    if (problem !== undefined) throw refuse(`has an ${what} JSON schema that cannot be used: ${problem}`)
  }
  const input = inputOf(handler.input)
  const output = outputOf(handler.output)
  return {
    name: handler.name,
    type,
    public: !(handler.ingressPrivate ?? service.ingressPrivate ?? false),
    input: input.rules,
    output: output.rule,
    inputDescription: input.description,
    outputDescription: output.description,
    ...optionsOf(handler, context),
    ...present({
      inputJsonSchema: handler.input?.jsonSchema,
      outputJsonSchema: handler.output?.jsonSchema,
      workflowCompletionRetentionMs: workflowRetentionOf(handler.workflowCompletionRetentionMs, context),
      documentation: handler.documentation,
      metadata: handler.metadata,
    }),
  }
}
