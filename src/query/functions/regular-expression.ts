import { QueryFailed } from '../../errors/query.ts'

const FLAGS = /^[imsgx]*$/

/** What the peer's expressions call these classes, for JavaScript's. Its words, digits and spaces are those of Unicode. */
const CLASSES: Readonly<Record<string, string>> = {
  w: '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}',
  d: '\\p{Nd}',
}

const NEGATED_CLASSES: Readonly<Record<string, string>> = {
  W: `[^${CLASSES.w}]`,
  D: '\\P{Nd}',
}

const POSIX_CLASSES: Readonly<Record<string, string>> = {
  alnum: 'a-zA-Z0-9',
  alpha: 'a-zA-Z',
  digit: '0-9',
  lower: 'a-z',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: 'a-zA-Z0-9_',
  xdigit: '0-9A-Fa-f',
}

/** To JavaScript these are members of a class. */
const SET_OPERATOR = /^(?:&&|--|~~)/

const ANCHORS: Readonly<Record<string, string>> = { A: '(?<![\\s\\S])', z: '(?![\\s\\S])' }

const compiled = new Map<string, RegExp>()
const MAX_KEPT = 100

/**
 * A regular expression of the peer's kind, which does not look around and does not refer back. A pattern that takes too long to match is
 * stopped with its query. Throws `QueryFailed`.
 */
export function regularExpression(pattern: string, flags = ''): RegExp {
  const key = `${flags}/${pattern}`
  const known = compiled.get(key)
  if (known !== undefined) {
    known.lastIndex = 0
    return known
  }
  if (!FLAGS.test(flags)) throw broken(pattern, `unknown flags '${flags}'`)
  if (flags.includes('x')) throw broken(pattern, 'the flag x is not supported')
  const [, inline = '', rest = pattern] = /^\(\?([ims]+)\)(.*)$/s.exec(pattern) ?? []
  const wanted = new Set(`gu${flags}${inline}`)
  let expression: RegExp
  try {
    expression = new RegExp(translated(rest, pattern, wanted.has('s')), [...wanted].join(''))
  } catch (error) {
    if (error instanceof QueryFailed) throw error
    throw broken(pattern, error instanceof Error ? error.message : String(error))
  }
  if (compiled.size >= MAX_KEPT) compiled.clear()
  compiled.set(key, expression)
  return expression
}

const TOKEN = /\\(?:[pP]\{[^}]*\}|[pP][A-Z]|x\{[0-9a-fA-F]+\}|.)|\[\^?\]?|\[:(\^?)(\w+):\]|\(\?(?:P<|<?[=!])|./gsu

function translated(source: string, pattern: string, dotIsAnything: boolean): string {
  let inClass = false
  let result = ''
  // Within a class, `[:alpha:]` is one token and not the beginning of a class.
  for (let at = 0; at < source.length; ) {
    const posix = inClass ? /^\[:(\^?)(\w+):\]/.exec(source.slice(at)) : null
    if (posix !== null) {
      const set = Object.hasOwn(POSIX_CLASSES, posix[2] ?? '') ? POSIX_CLASSES[posix[2] ?? ''] : undefined
      if (set === undefined || posix[1] === '^') throw broken(pattern, `${posix[0]} is not supported`)
      result += set
      at += posix[0].length
      continue
    }
    TOKEN.lastIndex = at
    const [token = ''] = TOKEN.exec(source) ?? []
    at += token.length
    if (token.startsWith('\\')) result += escaped(token, inClass, pattern)
    else if (inClass && SET_OPERATOR.test(source.slice(at - token.length, at + 1)))
      throw broken(pattern, 'operations on classes are not supported')
    else if (inClass) {
      // A bracket inside of a class stands for itself.
      result += token.startsWith('[') ? `\\${token}` : token
      inClass = token !== ']' && !token.endsWith(']')
    } else if (token.startsWith('[')) {
      inClass = true
      // Right behind its beginning, a closing bracket is a member.
      result += token.endsWith(']') ? `${token.slice(0, -1)}\\]` : token
    } else if (token === '.' && !dotIsAnything) result += '[^\\n]'
    else if (token === '(?P<') result += '(?<'
    else if (token.startsWith('(?') && token.length > 2) throw broken(pattern, 'look-around is not supported')
    else result += token
  }
  return result
}

function escaped(token: string, inClass: boolean, pattern: string): string {
  const letter = token.slice(1)
  if (/^\d$/.test(letter)) throw broken(pattern, 'backreferences are not supported')
  const set = Object.hasOwn(CLASSES, letter) ? CLASSES[letter] : undefined
  if (set !== undefined) return inClass ? set : `[${set}]`
  const negated = Object.hasOwn(NEGATED_CLASSES, letter) ? NEGATED_CLASSES[letter] : undefined
  if (negated !== undefined) {
    if (inClass && letter === 'W') throw broken(pattern, '\\W in a class is not supported')
    return negated
  }
  const anchor = Object.hasOwn(ANCHORS, letter) ? ANCHORS[letter] : undefined
  if (anchor !== undefined && !inClass) return anchor
  if (letter === 'a') return '\\x07'
  if (/^x\{/.test(letter)) return `\\u${letter.slice(1)}`
  if (/^[pP][A-Z]$/.test(letter)) return `\\${letter[0]}{${letter[1]}}`
  // JavaScript refuses to escape what has no meaning.
  return /^[^\w\s]$/.test(letter) && !/^[\\^$.*+?()[\]{}|/-]$/.test(letter) ? letter : plainDash(token, inClass)
}

function plainDash(token: string, inClass: boolean): string {
  return token === '\\-' && !inClass ? '-' : token
}

/** A replacement in which `$1`, `${1}`, `\1` and `${name}` stand for groups, and `$$` for a dollar. */
export function expandReplacement(
  template: string,
  groups: readonly (string | undefined)[],
  named: Readonly<Record<string, string | undefined>> | undefined,
): string {
  return template.replaceAll(/\\(\d+)|\$\{(\w+)\}|\$(\w+)|\$\$/g, (whole, slash, braced, plain) => {
    const name: string | undefined = slash ?? braced ?? plain
    if (name === undefined) return whole === '$$' ? '$' : whole
    return (/^\d+$/.test(name) ? groups[Number(name)] : named?.[name]) ?? ''
  })
}

function broken(pattern: string, reason: string): Error {
  return new QueryFailed(`External error: regex parse error: ${pattern.slice(0, 200)}: ${reason}`)
}
