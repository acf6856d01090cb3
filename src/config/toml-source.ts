import { basename } from 'node:path'
import { parse as parseToml, TomlError } from 'smol-toml'
import { ConfigFileSyntax, ConfigFileUnreadable } from '../errors/config.ts'
import { nearestName } from './nearest-name.ts'
import { describeOrigin, type Origin } from './origin.ts'
import type { Reading } from './reading.ts'
import { KNOWN_PATHS, KNOWN_TABLES, keyOf } from './schema/schema.ts'
import { tomlLines } from './toml-lines.ts'

const MAX_FILE_CHARACTERS = 1024 * 1024

/**
 * Adds what a configuration file says. Throws `ConfigFileUnreadable` or `ConfigFileSyntax`; unknown keys and wrong values
 * are collected by the reading.
 */
export function readTomlFile(file: string, readFile: (file: string) => string, reading: Reading): void {
  const text = contentOf(file, readFile)
  let document: object
  try {
    document = parseToml(text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    // The library's message quotes the line, which may hold a secret: keep the first line of it alone.
    const [summary = 'not TOML'] = error.message.split('\n')
    throw new ConfigFileSyntax(`${file}:${error.line}:${error.column}: ${summary}`)
  }
  const lines = tomlLines(text)
  const origin = (path: string): Origin => ({ kind: 'file', file: basename(file), line: lines.get(path) })
  readTable(document, '', origin, reading)
}

function contentOf(file: string, readFile: (file: string) => string): string {
  let text: string
  try {
    text = readFile(file)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ConfigFileUnreadable(`cannot read the configuration file ${file}: ${reason}`, { cause })
  }
  if (text.length > MAX_FILE_CHARACTERS) {
    throw new ConfigFileUnreadable(`the configuration file ${file} is larger than 1 MiB`)
  }
  return text
}

function readTable(table: object, prefix: string, origin: (path: string) => Origin, reading: Reading): void {
  for (const [name, value] of Object.entries(table)) {
    const path = prefix === '' ? name : `${prefix}.${name}`
    const isTable = isPlainTable(value)
    if (isTable && KNOWN_TABLES.has(path) && keyOf(path) === undefined) {
      readTable(value, path, origin, reading)
      continue
    }
    if (reading.offer(path, value, origin(path))) continue
    const where = describeOrigin(origin(path))
    if (KNOWN_TABLES.has(path)) {
      reading.invalid(`${path} (${where}) is a table: write [${path}] and its keys below`)
      continue
    }
    const suggestion = nearestName(path, isTable ? KNOWN_TABLES : KNOWN_PATHS) ?? sameNameElsewhere(name)
    const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
    reading.unknown(`unknown ${isTable ? 'table' : 'key'} ${path} (${where})${hint}`)
  }
}

// A key that is right but stands in the wrong table is far away by edit distance.
function sameNameElsewhere(name: string): string | undefined {
  return KNOWN_PATHS.find((path) => path.endsWith(`.${name}`) || path === name)
}

function isPlainTable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}
