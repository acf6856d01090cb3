import { checkInputContentType, checkOutputContentType } from './content-types.ts'
import { Fields, undecodable } from './fields.ts'
import { type ManifestOptions, present, readOptions } from './options.ts'

/** What a handler takes. A field that is absent is not the same as an empty object: that one takes no body. */
export interface ManifestInput {
  readonly required?: boolean
  /** Any type, any subtype of one, or exactly one. */
  readonly contentType?: string
  readonly jsonSchema?: unknown
}

export interface ManifestOutput {
  readonly contentType?: string
  readonly setContentTypeIfEmpty?: boolean
  readonly jsonSchema?: unknown
}

export interface ManifestHandler extends ManifestOptions {
  readonly name: string
  /** Absent: what is usual for the type of the service. */
  readonly type?: 'WORKFLOW' | 'EXCLUSIVE' | 'SHARED'
  readonly input?: ManifestInput
  readonly output?: ManifestOutput
  readonly workflowCompletionRetentionMs?: number
}

const namePattern = /^([a-zA-Z]|_[a-zA-Z0-9])[a-zA-Z0-9_]*$/

export function readHandler(value: unknown, path: string): ManifestHandler {
  const fields = new Fields(value, path)
  const name = fields.required('name', fields.string('name'))
  if (!namePattern.test(name)) {
    throw undecodable(`${path}.name`, `${JSON.stringify(name)} is no handler name; allowed: ${namePattern.source}`)
  }
  const handler = {
    name,
    ...present({
      type: fields.oneOf('ty', ['WORKFLOW', 'EXCLUSIVE', 'SHARED']),
      input: fields.object('input', readInput),
      output: fields.object('output', readOutput),
    }),
    ...readOptions(fields),
    ...present({ workflowCompletionRetentionMs: fields.integer('workflowCompletionRetention') }),
  }
  fields.done()
  return handler
}

function readInput(fields: Fields): ManifestInput {
  const contentType = fields.string('contentType')
  if (contentType !== undefined) checkInputContentType(contentType, `${fields.path}.contentType`)
  const input = present({
    required: fields.boolean('required'),
    contentType,
    jsonSchema: fields.any('jsonSchema'),
  })
  fields.done()
  return input
}

function readOutput(fields: Fields): ManifestOutput {
  const contentType = fields.string('contentType')
  if (contentType !== undefined) checkOutputContentType(contentType, `${fields.path}.contentType`)
  const output = present({
    contentType,
    setContentTypeIfEmpty: fields.boolean('setContentTypeIfEmpty'),
    jsonSchema: fields.any('jsonSchema'),
  })
  fields.done()
  return output
}
