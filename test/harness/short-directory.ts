import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** A directory whose path is short enough for a Unix socket in it, removed when the test is over. */
export function shortDirectory(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'perdure-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
