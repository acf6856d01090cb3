import { readFileSync } from 'node:fs'

/** The version of this package; sources and build are both one folder below package.json. */
export const version: string = readVersion()

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version)
  throw new Error('invariant: package.json names a version')
}
