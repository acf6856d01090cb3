import { IngressBadPath } from '../errors/ingress.ts'

/** The target of a request line (or `:path`), taken apart but not decoded. */
export interface RequestTarget {
  /** One leading slash, no trailing one, percent escapes as they came. */
  readonly path: string
  /** What follows the first `?`, without it; `undefined` when there is no `?`. */
  readonly query: string | undefined
}

// Keeps a byte order mark: in a key it is a character like any other.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const absoluteForm = /^https?:\/\/[^/?#]*/i
// biome-ignore lint/suspicious/noControlCharactersInRegex: anything but ASCII
const beyondAscii = /[^\x00-\x7f]/

/** Splits and normalises a raw request target: all slashes at both ends count as one leading slash. */
export function parseRequestTarget(raw: string): RequestTarget {
  let target = raw
  if (!target.startsWith('/')) target = target.replace(absoluteForm, '')
  const fragment = target.indexOf('#')
  if (fragment !== -1) target = target.slice(0, fragment)
  // Node hands bytes over as Latin-1 characters; paths are UTF-8.
  if (beyondAscii.test(target)) target = decodeUtf8(Buffer.from(target, 'latin1'), 'the path')

  const question = target.indexOf('?')
  const path = question === -1 ? target : target.slice(0, question)
  return { path: normalise(path), query: question === -1 ? undefined : target.slice(question + 1) }
}

function normalise(path: string): string {
  if (path.startsWith('/') && path.charCodeAt(1) !== slash && !path.endsWith('/')) return path
  if (path === '*') return path
  let start = 0
  let end = path.length
  while (start < end && path.charCodeAt(start) === slash) start++
  while (end > start && path.charCodeAt(end - 1) === slash) end--
  return `/${path.slice(start, end)}`
}

/**
 * Percent-decodes one path segment. `+` stays, invalid escapes stay as they are. Throws `IngressBadPath` when
 * the result is not UTF-8.
 */
export function decodeSegment(segment: string, what: string): string {
  if (!segment.includes('%')) return segment
  const bytes = Buffer.from(segment, 'utf8')
  let length = 0
  for (let i = 0; i < bytes.length; i++) {
    const escaped = bytes[i] === percent ? hexPair(bytes, i + 1) : -1
    if (escaped === -1) {
      bytes[length++] = bytes[i] ?? 0
    } else {
      bytes[length++] = escaped
      i += 2
    }
  }
  return decodeUtf8(bytes.subarray(0, length), what)
}

/**
 * The first value of a query parameter, decoded as a form would be (`+` is a space); `undefined` when absent.
 * Names are matched without regard to case. `name` is in lower case.
 */
export function queryParameter(query: string | undefined, name: string): string | undefined {
  if (query === undefined || query === '') return undefined
  for (const [key, value] of new URLSearchParams(query)) {
    if (key.toLowerCase() === name) return value
  }
  return undefined
}

const slash = 0x2f
const percent = 0x25

function hexPair(bytes: Uint8Array, at: number): number {
  const high = hexDigit(bytes[at])
  const low = hexDigit(bytes[at + 1])
  return high === -1 || low === -1 ? -1 : high * 16 + low
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1
}

function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new IngressBadPath(`cannot decode ${what}: its bytes are not UTF-8`)
  }
}
