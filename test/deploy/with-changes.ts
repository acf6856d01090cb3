export type Change = readonly [line: RegExp, replacement: string]

/** A shipped file with what stands for the place that it runs in. What is not there once, and only once, is an error. */
export function withChanges(name: string, text: string, changes: readonly Change[]): string {
  return changes.reduce((changed, [line, replacement]) => {
    const count = changed.match(new RegExp(line, `g${line.flags.replace('g', '')}`))?.length ?? 0
    if (count !== 1) throw new Error(`${name}: ${count} times, and not once: ${line}`)
    return changed.replace(line, () => replacement)
  }, text)
}
