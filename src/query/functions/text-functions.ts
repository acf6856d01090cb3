import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { SQLOutputValue } from 'node:sqlite'
import { QueryFailed } from '../../errors/query.ts'
import { bytesOf, numberOf, type SqlFunction, textOf } from './register.ts'

/** A text that a function makes longer must not fill the memory. */
const MAX_MADE_CHARACTERS = 1024 * 1024

export const textFunctions: Readonly<Record<string, SqlFunction>> = {
  x_lower: (value) => textOf(value)?.toLowerCase() ?? null,
  x_upper: (value) => textOf(value)?.toUpperCase() ?? null,
  x_initcap: (value) =>
    textOf(value)?.replaceAll(
      /[\p{L}\p{N}]+/gu,
      (word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1).toLowerCase()}`,
    ) ?? null,
  x_reverse: (value) => [...(textOf(value) ?? '')].reverse().join('') || (value === null ? null : ''),
  x_ilike: (value, pattern) => {
    const text = textOf(value)
    const like = textOf(pattern)
    return text === undefined || like === undefined ? null : Number(caselessPattern(like).test(text))
  },
  x_repeat: (value, count) => {
    const text = textOf(value)
    const times = numberOf(count)
    if (text === undefined || times === undefined) return null
    return text.repeat(bounded(Math.max(0, times), text.length))
  },
  x_left: (value, count) => {
    const text = textOf(value)
    const length = numberOf(count)
    if (text === undefined || length === undefined) return null
    return [...text].slice(0, length < 0 ? Math.max(0, [...text].length + length) : length).join('')
  },
  x_right: (value, count) => {
    const text = textOf(value)
    const length = numberOf(count)
    if (text === undefined || length === undefined) return null
    const characters = [...text]
    return characters
      .slice(length < 0 ? Math.min(characters.length, -length) : Math.max(0, characters.length - length))
      .join('')
  },
  x_lpad: (value, length, fill) => padded(value, length, fill, 'left'),
  x_rpad: (value, length, fill) => padded(value, length, fill, 'right'),
  x_substr: (value, start, length, arity) => {
    const text = textOf(value)
    const from = numberOf(start)
    if (text === undefined || from === undefined) return null
    const count = numberOf(length)
    if (arity === 3 && count === undefined) return null
    if (count !== undefined && count < 0)
      throw new QueryFailed('Execution error: negative substring length not allowed')
    // Positions before the first character count: a length that begins there ends earlier.
    const end = count === undefined ? undefined : Math.max(0, from - 1 + count)
    return [...text].slice(Math.max(0, from - 1), end).join('')
  },
  x_split_part: (value, separator, place) => {
    const text = textOf(value)
    const by = textOf(separator)
    const wanted = numberOf(place)
    if (text === undefined || by === undefined || wanted === undefined) return null
    if (wanted === 0) throw new QueryFailed('Execution error: field position must not be zero')
    return (by === '' ? [text] : text.split(by)).at(wanted > 0 ? wanted - 1 : wanted) ?? ''
  },
  x_starts_with: (value, part) => onTwo(value, part, (text, other) => text.startsWith(other)),
  x_ends_with: (value, part) => onTwo(value, part, (text, other) => text.endsWith(other)),
  x_contains: (value, part) => onTwo(value, part, (text, other) => text.includes(other)),
  x_digest: (algorithm, value) =>
    value === null
      ? null
      : createHash(String(algorithm))
          .update(bytesOf(value) ?? String(value))
          .digest('hex'),
  x_encode: (value, encoding) => {
    if (value === null) return null
    const bytes = Buffer.from(bytesOf(value) ?? String(value))
    if (encoding === 'hex') return bytes.toString('hex')
    if (encoding === 'base64') return bytes.toString('base64').replaceAll('=', '')
    throw new QueryFailed(
      `Error during planning: There is no built-in encoding named '${encoding}', supported encodings are: base64, hex`,
    )
  },
  x_decode: (value, encoding) => {
    const text = textOf(value)
    if (text === undefined) return null
    if (encoding === 'hex') return Buffer.from(text, 'hex')
    if (encoding === 'base64') return Buffer.from(text, 'base64')
    throw new QueryFailed(
      `Error during planning: There is no built-in encoding named '${encoding}', supported encodings are: base64, hex`,
    )
  },
  x_translate: (value, from, to) => {
    const [text, source, target] = [value, from, to].map(textOf)
    if (text === undefined || source === undefined || target === undefined) return null
    const places = [...source]
    const characters = [...target]
    return [...text]
      .map((character) => {
        const place = places.indexOf(character)
        return place === -1 ? character : (characters[place] ?? '')
      })
      .join('')
  },
  x_substr_index: (value, separator, count) => {
    const [text, by] = [value, separator].map(textOf)
    const wanted = numberOf(count)
    if (text === undefined || by === undefined || wanted === undefined) return null
    if (by === '' || wanted === 0) return ''
    const parts = text.split(by)
    return (wanted > 0 ? parts.slice(0, wanted) : parts.slice(wanted)).join(by)
  },
  x_find_in_set: (value, list) => onTwo(value, list, (text, items) => items.split(',').indexOf(text) + 1),
  x_levenshtein: (value, other) => onTwo(value, other, levenshtein),
  x_utf8: (value) => {
    const bytes = bytesOf(value)
    return bytes !== undefined && isUtf8(bytes) ? Buffer.from(bytes).toString('utf8') : null
  },
  x_utf8_strict: (value) => {
    const bytes = bytesOf(value)
    if (bytes === undefined) return textOf(value) ?? null
    if (!isUtf8(bytes)) throw new QueryFailed('Arrow error: Invalid argument error: the value is not UTF-8')
    return Buffer.from(bytes).toString('utf8')
  },
}

/** NULL in, NULL out. */
function onTwo(
  a: SQLOutputValue | undefined,
  b: SQLOutputValue | undefined,
  test: (a: string, b: string) => boolean | number,
) {
  const left = textOf(a)
  const right = textOf(b)
  return left === undefined || right === undefined ? null : Number(test(left, right))
}

function padded(
  value: SQLOutputValue | undefined,
  length: SQLOutputValue | undefined,
  fill: SQLOutputValue | undefined,
  side: 'left' | 'right',
) {
  const text = textOf(value)
  const width = numberOf(length)
  const by = textOf(fill)
  if (text === undefined || width === undefined || by === undefined) return null
  const characters = [...text]
  const target = bounded(Math.max(0, width), 1)
  if (characters.length >= target) return characters.slice(0, target).join('')
  if (by === '') return text
  const missing = target - characters.length
  const padding = [...by.repeat(Math.ceil(missing / [...by].length))].slice(0, missing).join('')
  return side === 'left' ? padding + text : text + padding
}

function bounded(count: number, size: number): number {
  if (count * size > MAX_MADE_CHARACTERS) {
    throw new QueryFailed(`Execution error: a function would make more than ${MAX_MADE_CHARACTERS} characters`)
  }
  return count
}

const patterns = new Map<string, RegExp>()

/** A LIKE pattern that does not look at case. The last few are kept. */
function caselessPattern(like: string): RegExp {
  const known = patterns.get(like)
  if (known !== undefined) return known
  const source = like.replaceAll(/\\(.)|[%_]|[^%_\\]+|\\/gs, (part, literal: string | undefined) => {
    if (literal !== undefined) return escaped(literal)
    return part === '%' ? '.*' : part === '_' ? '.' : escaped(part)
  })
  const pattern = new RegExp(`^${source}$`, 'isu')
  if (patterns.size >= 100) patterns.clear()
  patterns.set(like, pattern)
  return pattern
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}

/** How many characters must be put in, taken out or changed. */
function levenshtein(from: string, to: string): number {
  const target = [...to]
  bounded(from.length, target.length)
  let row = Array.from({ length: target.length + 1 }, (_, place) => place)
  for (const [line, character] of [...from].entries()) {
    const next = [line + 1]
    for (const [place, wanted] of target.entries()) {
      const changed = (row[place] ?? 0) + Number(character !== wanted)
      next.push(Math.min(changed, (row[place + 1] ?? 0) + 1, (next[place] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
