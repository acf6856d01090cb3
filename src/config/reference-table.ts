import { defaultInWords, defaultToml } from './default-text.ts'
import { type AnyKey, environmentName, flagName, splitPath } from './key.ts'
import { DEPRECATED_KEYS } from './schema/deprecated-keys.ts'
import { IGNORED_KEYS } from './schema/ignored-keys.ts'
import { TABLES } from './schema/schema.ts'
import { Settings } from './settings.ts'

/** The generated part of docs/configuration.md: all keys by table, then former names, then keys without effect. */
export function referenceTables(): string {
  const defaults = new Settings(new Map(), { hostName: '' })
  const lines: string[] = []
  for (const [table, keys] of TABLES) {
    lines.push(table === '' ? '### Top level' : `### \`[${table}]\``, '')
    lines.push('| key | type | default | meaning |', '| --- | --- | --- | --- |')
    lines.push(...keys.map((key) => keyRow(key, defaults)), '')
  }
  lines.push('### Former names', '', '| still accepted | now |', '| --- | --- |')
  for (const [path, newPath] of DEPRECATED_KEYS) lines.push(`| \`${path}\` | \`${newPath}\` |`)
  lines.push('', '### Accepted without effect', '')
  lines.push('A name stands for the key, or for the table with all that is in it.', '')
  lines.push('| key of restate-server | why it does nothing here |', '| --- | --- |')
  for (const [reason, patterns] of patternsByReason()) {
    lines.push(`| ${patterns.map((pattern) => `\`${pattern}\``).join(', ')} | ${reason} |`)
  }
  return lines.join('\n')
}

function keyRow(key: AnyKey, defaults: Settings): string {
  const marks = [key.from === 'perdure' ? 'Perdure' : '', key.flag === true ? `\`${flagName(key.path)}\`` : '']
  const words = defaultInWords(key)
  const setting = defaultToml(key, defaults)
  const description = [...marks.filter((mark) => mark !== ''), key.description].join('. ')
  const cells = [
    `\`${splitPath(key.path).name}\``,
    key.type.name,
    words === undefined ? `\`${setting ?? ''}\`` : cell(words),
    `${cell(description)} \`${environmentName(key.path)}\``,
  ]
  return `| ${cells.join(' | ')} |`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('*', '\\*')
}

function patternsByReason(): ReadonlyMap<string, readonly string[]> {
  const reasons = new Map<string, string[]>()
  for (const { pattern, reason } of IGNORED_KEYS) {
    const patterns = reasons.get(reason)
    if (patterns === undefined) reasons.set(reason, [pattern])
    else patterns.push(pattern)
  }
  return reasons
}
