import { defaultToml } from './default-text.ts'
import type { AnyKey } from './key.ts'
import { DEPRECATED_KEYS } from './schema/deprecated-keys.ts'
import { IGNORED_KEYS } from './schema/ignored-keys.ts'
import { KEYS } from './schema/schema.ts'
import { Settings } from './settings.ts'

/** A JSON schema (draft 2020-12) of one table; keys are in kebab-case, nested as in TOML. */
export interface TableSchema {
  readonly type: 'object'
  readonly additionalProperties: false
  readonly properties: Record<string, Readonly<Record<string, unknown>> | TableSchema>
  readonly patternProperties?: Record<string, Readonly<Record<string, unknown>>>
}

/** The JSON schema of `restate.toml`, for editors. It accepts what the server accepts, ignored and deprecated keys too. */
export function configJsonSchema(): TableSchema & { readonly $schema: string; readonly title: string } {
  const defaults = new Settings(new Map(), { hostName: '' })
  const root = newTable()
  for (const key of KEYS) place(root, key.path, keySchema(key, defaults))
  for (const [path, newPath] of DEPRECATED_KEYS) place(root, path, { deprecated: true, description: `Use ${newPath}.` })
  const patternProperties: Record<string, Readonly<Record<string, unknown>>> = {}
  for (const { pattern, reason } of IGNORED_KEYS) {
    const schema = { description: `No effect in Perdure: ${reason}.` }
    if (pattern.endsWith('*')) patternProperties[`^${pattern.slice(0, -1)}`] = schema
    else place(root, pattern, schema)
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Perdure configuration',
    ...root,
    patternProperties,
  }
}

function keySchema(key: AnyKey, defaults: Settings): Readonly<Record<string, unknown>> {
  const { value } =
    !key.optional && key.default.kind === 'value' ? { value: defaultToml(key, defaults) } : { value: undefined }
  const note = value === undefined ? '' : ` Default: ${value}.`
  return { ...key.type.jsonSchema, description: `${key.description}${note}` }
}

function newTable(): TableSchema {
  return { type: 'object', additionalProperties: false, properties: {} }
}

function place(root: TableSchema, path: string, schema: Readonly<Record<string, unknown>>): void {
  const segments = path.split('.')
  const name = segments.pop() ?? path
  let table = root
  for (const segment of segments) {
    const known = table.properties[segment]
    const next = known !== undefined && isTableSchema(known) ? known : newTable()
    table.properties[segment] = next
    table = next
  }
  table.properties[name] = schema
}

function isTableSchema(schema: object): schema is TableSchema {
  return 'properties' in schema
}
