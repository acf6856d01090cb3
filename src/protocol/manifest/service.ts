import { Fields, undecodable } from './fields.ts'
import { type ManifestHandler, readHandler } from './handler.ts'
import { type ManifestOptions, readOptions } from './options.ts'

export interface ManifestService extends ManifestOptions {
  readonly name: string
  readonly type: 'SERVICE' | 'VIRTUAL_OBJECT' | 'WORKFLOW'
  /** As listed; a name may come twice. */
  readonly handlers: readonly ManifestHandler[]
}

const namePattern = /^([a-zA-Z]|_[a-zA-Z0-9])[a-zA-Z0-9._-]*$/

export function readService(value: unknown, path: string): ManifestService {
  const fields = new Fields(value, path)
  const name = fields.required('name', fields.string('name'))
  if (!namePattern.test(name)) {
    throw undecodable(`${path}.name`, `${JSON.stringify(name)} is no service name; allowed: ${namePattern.source}`)
  }
  const type: ManifestService['type'] | undefined = fields.oneOf('ty', ['SERVICE', 'VIRTUAL_OBJECT', 'WORKFLOW'])
  const service = {
    name,
    type: fields.required('ty', type),
    handlers: fields.list('handlers', readHandler),
    ...readOptions(fields),
  }
  fields.done()
  return service
}
