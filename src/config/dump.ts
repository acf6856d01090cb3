import { type AnyKey, splitPath } from './key.ts'
import { shortOrigin } from './origin.ts'
import { TABLES } from './schema/schema.ts'
import type { Settings } from './settings.ts'
import { tomlString } from './value-type.ts'

const MASK = tomlString('***')

/**
 * All settings as TOML that loads back to the same, each line with where its value comes from. Unset keys are left out.
 * Secret keys are masked where they were given, so that they are refused rather than taken when such a dump is loaded.
 */
export function dumpSettings(settings: Settings): string {
  const lines: string[] = []
  for (const [table, keys] of TABLES) {
    const tableLines = keys.flatMap((key) => dumpLine(key, settings))
    if (tableLines.length === 0) continue
    if (table !== '') lines.push('', `[${table}]`)
    lines.push(...tableLines)
  }
  return `${lines.join('\n')}\n`
}

function dumpLine(key: AnyKey, settings: Settings): readonly string[] {
  const value = key.optional ? settings.find(key) : settings.get(key)
  if (value === undefined) return []
  const { origin, via } = settings.originOf(key)
  const masked = key.secret === true && origin.kind !== 'default'
  const text = masked ? MASK : key.type.format(value)
  const comment = via === undefined ? shortOrigin(origin) : `${shortOrigin(origin)}, through ${via}`
  return [`${splitPath(key.path).name} = ${text} # ${comment}`]
}
