import type { Test } from 'tap'
import type { CliResult } from '../peer/peer.ts'

/** Checks the exit code, and that each text is in the output, however its columns and lines are laid out. */
export function says(
  t: Test,
  result: CliResult,
  code: number,
  stream: 'stdout' | 'stderr',
  texts: readonly string[],
): void {
  const output = result[stream].replaceAll(/\s+/g, ' ')
  t.equal(result.code, code, result.stderr)
  for (const text of texts) t.ok(output.includes(text), text, { output: result[stream] })
}
