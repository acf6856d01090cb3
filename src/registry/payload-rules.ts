import type { InputRule, OutputRule } from '../core/deployment.ts'
import type { ManifestInput, ManifestOutput } from '../protocol/manifest.ts'
import { jsonSchemaName } from './json-schema.ts'

export interface DescribedInput {
  readonly rules: readonly InputRule[]
  /** As Restate's listings show it. */
  readonly description: string
}

export interface DescribedOutput {
  readonly rule: OutputRule
  readonly description: string
}

/** What a handler accepts. One rule that passes is enough, see `InputRule`; required without a type accepts nothing. */
export function inputOf(input: ManifestInput | undefined): DescribedInput {
  if (input === undefined) {
    return { rules: [{ kind: 'empty' }, { kind: 'content-type', contentType: '*/*' }], description: '*/*' }
  }
  const { contentType, jsonSchema } = input
  const rules: InputRule[] = input.required === true ? [] : [{ kind: 'empty' }]
  if (contentType !== undefined) {
    rules.push({ kind: jsonSchema === undefined ? 'content-type' : 'json', contentType })
    return { rules, description: describe(contentType, jsonSchema) }
  }
  return { rules, description: rules.length === 0 ? '<invalid rules>' : 'none' }
}

/** The content type of a handler's answers. */
export function outputOf(output: ManifestOutput | undefined): DescribedOutput {
  if (output === undefined) return outputOf({ contentType: 'application/json' })
  const { contentType, setContentTypeIfEmpty, jsonSchema } = output
  if (contentType === undefined) return { rule: { kind: 'none' }, description: 'none' }
  return {
    rule: { kind: 'content-type', contentType, setIfEmpty: setContentTypeIfEmpty === true },
    description: describe(contentType, jsonSchema),
  }
}

function describe(contentType: string, jsonSchema: unknown): string {
  const name = jsonSchemaName(jsonSchema)
  return name === undefined ? contentType : `JSON ${name}`
}
