import { CommandStateLine } from '../errors/command.ts'

/** All state of one key of an object or a workflow. */
export interface StateOfKey {
  readonly key: string
  readonly state: ReadonlyMap<string, Buffer>
}

/** `{"key":"alice","state":{"count":"NQ=="}}` and a line feed: values in base64, because they may be any bytes. */
export function formatStateLine({ key, state }: StateOfKey): string {
  const values = Object.fromEntries([...state].map(([name, value]) => [name, value.toString('base64')]))
  return `${JSON.stringify({ key, state: values })}\n`
}

/** Throws `CommandStateLine` with the number of the line. The text never holds what the line does. */
export function parseStateLine(line: string, number: number): StateOfKey {
  const refuse = (problem: string): never => {
    throw new CommandStateLine(`line ${number}: ${problem}`)
  }
  const object = parseObject(line) ?? refuse('not a JSON object')
  const { key, state } = object
  if (typeof key !== 'string') return refuse('"key" must be a string')
  if (!isObject(state)) return refuse('"state" must be an object')
  const values = Object.entries(state).map(([name, value]): [string, Buffer] => {
    if (typeof value !== 'string' || !base64.test(value))
      return refuse(`the value of ${JSON.stringify(name)} is not base64`)
    return [name, Buffer.from(value, 'base64')]
  })
  return { key, state: new Map(values) }
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
