import type { Config } from '../../src/config/config.ts'
import { type ConfigSources, loadConfig } from '../../src/config/load-config.ts'

export interface Loaded {
  readonly config: Config
  readonly warnings: readonly string[]
  dump(): string
}

/** Loads from values alone: no file system, no real environment. `file` is the text of /etc/restate.toml. */
export function load(sources: Partial<Omit<ConfigSources, 'cwd' | 'readFile'>> & { readonly file?: string }): Loaded {
  const { file, argv = [], env = {}, hostName = 'host-1' } = sources
  const loaded = loadConfig({
    argv: file === undefined ? argv : ['--config-file', '/etc/restate.toml', ...argv],
    env,
    cwd: '/srv',
    hostName,
    readFile: (path) => {
      if (path === '/etc/restate.toml' && file !== undefined) return file
      throw new Error(`no file ${path}`)
    },
  })
  if (loaded.action !== 'run' && loaded.action !== 'dump-config') throw new Error(`unexpected action ${loaded.action}`)
  return loaded
}

/** The message of the error that `action` throws. */
export function messageOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof Error) return error.message
    throw error
  }
  throw new Error('nothing was thrown')
}
