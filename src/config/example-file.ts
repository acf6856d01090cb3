import { defaultInWords, defaultToml, exampleToml } from './default-text.ts'
import { type AnyKey, environmentName, flagName, splitPath } from './key.ts'
import { TABLES } from './schema/schema.ts'
import { Settings } from './settings.ts'

const LINE_WIDTH = 110

/** The text of `restate.toml.example`: every key with its default, commented out. */
export function exampleFile(): string {
  // The machine does not show: keys that depend on it have examples instead.
  const defaults = new Settings(new Map(), { hostName: '' })
  const lines = [
    '# Configuration of Perdure: every key with its default. Take away the # before a key to set it.',
    '#',
    '# The file is named by --config-file or RESTATE_CONFIG. Environment variables win over it, flags over both.',
    '# Keys are those of restate-server 1.7, but for those marked (Perdure). Unknown keys are refused.',
    '# This file is generated; docs/configuration.md says more.',
  ]
  for (const [table, keys] of TABLES) {
    if (table !== '') lines.push('', `[${table}]`)
    for (const key of keys) lines.push('', ...keyLines(key, defaults))
  }
  return `${lines.join('\n')}\n`
}

function keyLines(key: AnyKey, defaults: Settings): readonly string[] {
  const { name } = splitPath(key.path)
  const mark = key.from === 'perdure' ? ' (Perdure)' : ''
  const words = defaultInWords(key)
  const setting = defaultToml(key, defaults)
  const example = exampleToml(key)
  const flag = key.flag === true ? `, ${flagName(key.path)}` : ''
  const prose = [
    `${key.description}${mark}`,
    `Type: ${key.type.name.replaceAll('\\|', '|')}. ${environmentName(key.path)}${flag}`,
    ...(words === undefined ? [] : [`Default: ${words}.`]),
    ...(example === undefined ? [] : [`For example: ${name} = ${example}`]),
  ]
  return [...prose.flatMap(wrapped), ...(setting === undefined ? [] : [`#${name} = ${setting}`])]
}

function wrapped(sentence: string): readonly string[] {
  const lines: string[] = []
  let line = '#'
  for (const word of sentence.split(' ')) {
    if (line.length + 1 + word.length > LINE_WIDTH) {
      lines.push(line)
      line = '#'
    }
    line += ` ${word}`
  }
  return [...lines, line]
}
