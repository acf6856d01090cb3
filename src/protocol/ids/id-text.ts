import type { BadIdReason } from '../../errors/protocol.ts'

/** Prefixes that the peer knows. Of another one it says so; of these, that the type is wrong. */
const prefixes: ReadonlySet<string> = new Set(['inv', 'dp', 'sub', 'prom', 'sign', 'snap', 'mut', 'vq'])

/** The scheme version behind every prefix. */
export const idVersion = '1'

/**
 * Checks `{prefix}_1{body}` in the order of the peer's checks. Returns why it is wrong, `undefined` if only the
 * body remains to be looked at: it starts at `prefix.length + 2`.
 */
export function checkIdText(text: string, prefix: string, bodyLength: number): BadIdReason | undefined {
  const start = prefix.length + 2
  if (
    text.length === start + bodyLength &&
    text.startsWith(prefix) &&
    text.startsWith(`_${idVersion}`, prefix.length)
  ) {
    return undefined
  }
  if (text === '') return 'bad length'
  const separator = text.indexOf('_')
  if (separator < 0) return 'bad format'
  const found = text.slice(0, separator)
  if (!prefixes.has(found)) return `unrecognized resource type: ${found.slice(0, 32)}`
  if (text.length === separator + 1) return 'bad length'
  if (text[separator + 1] !== idVersion) return 'unrecognized codec version'
  return found === prefix ? 'bad length' : "id doesn't match the expected type"
}
