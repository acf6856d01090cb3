import { headerPatternProblem, sensitiveNamesIn } from '../config/header-names.ts'
import { AdminField } from '../errors/admin.ts'
import type { ServiceChanges } from '../registry/requests.ts'
import { BodyFields } from './json-body.ts'

type HeaderAllowLists = Pick<ServiceChanges, 'headerAllowList' | 'handlerHeaderAllowLists'>

const maxPatterns = 100

/**
 * Reads `header_allow_list` of the service and `handlers: {name: {header_allow_list}}`, extensions of the admin API. Throws
 * `AdminField` for an entry that can never have an effect.
 */
export function readHeaderAllowLists(fields: BodyFields): HeaderAllowLists {
  const ofService = readList(fields, 'header_allow_list')
  const ofHandlers = fields.object('handlers')?.flatMap(([name, value]): [string, readonly string[]][] => {
    const list = readList(new BodyFields(value, `handlers.${name}: `), `header_allow_list`)
    return list === undefined ? [] : [[name, list]]
  })
  return {
    ...(ofService === undefined ? {} : { headerAllowList: ofService }),
    ...(ofHandlers === undefined || ofHandlers.length === 0
      ? {}
      : { handlerHeaderAllowLists: Object.fromEntries(ofHandlers) }),
  }
}

function readList(fields: BodyFields, name: string): readonly string[] | undefined {
  const list = fields.stringList(name)?.map((pattern) => pattern.toLowerCase())
  if (list === undefined) return undefined
  if (list.length > maxPatterns) throw new AdminField(`${name} has more than ${maxPatterns} entries`)
  for (const pattern of list) {
    const problem = headerPatternProblem(pattern)
    if (problem !== undefined) throw new AdminField(`${name}: ${JSON.stringify(pattern)}: ${problem}`)
  }
  return list
}

/** For the audit log: which of the headers that a change allows may carry credentials. */
export function sensitiveHeadersIn({ headerAllowList = [], handlerHeaderAllowLists = {} }: HeaderAllowLists): {
  readonly sensitiveHeadersAllowed?: readonly string[]
} {
  const sensitive = sensitiveNamesIn([...headerAllowList, ...Object.values(handlerHeaderAllowLists).flat()])
  return sensitive.length === 0 ? {} : { sensitiveHeadersAllowed: [...new Set(sensitive)] }
}
