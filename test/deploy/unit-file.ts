import { readFileSync } from 'node:fs'

/** One `Name=value` of a unit, in the order of the file. */
export interface Directive {
  readonly section: string
  readonly name: string
  readonly value: string
}

/** The directives of a systemd unit. Continued lines and quotes are not understood, and are an error. */
export function readUnit(path: string): readonly Directive[] {
  const directives: Directive[] = []
  let section = ''
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const header = /^\[(\w+)\]$/.exec(line)
    const directive = /^(\w+)=([^"'\\]*)$/.exec(line)
    if (header !== null) section = header[1] ?? ''
    else if (directive !== null) directives.push({ section, name: directive[1] ?? '', value: directive[2] ?? '' })
    else throw new Error(`${path}: not understood here: ${line}`)
  }
  return directives
}

export function valuesIn(unit: readonly Directive[], name: string): readonly string[] {
  return unit.filter((directive) => directive.name === name).map(({ value }) => value)
}

/** The value of a directive that is there once. */
export function valueIn(unit: readonly Directive[], name: string): string {
  const [value, ...more] = valuesIn(unit, name)
  if (value === undefined || more.length > 0)
    throw new Error(`${name}= is there ${more.length + 1} times, or not at all`)
  return value
}
