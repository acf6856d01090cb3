/**
 * The line (from 1) on which each key and table of a TOML document is set, by dotted path; keys of inline tables have none.
 * It is a scan for messages, not a parser: text in a multi-line string that looks like a key may be taken for one.
 */
export function tomlLines(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>()
  let table = ''
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^\s*\[\[?\s*([^\]]+?)\s*\]/.exec(line)
    const assignment = /^\s*([A-Za-z0-9_."'\s-]+?)\s*=/.exec(line)
    const name = header?.[1] ?? assignment?.[1]
    if (name === undefined) continue
    const written = name
      .split('.')
      .map((segment) => segment.trim().replace(/^(["'])(.*)\1$/, '$2'))
      .join('.')
    const path = header !== null || table === '' ? written : `${table}.${written}`
    if (header !== null) table = written
    if (!lines.has(path)) lines.set(path, index + 1)
  }
  return lines
}
