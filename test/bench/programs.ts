import { execFile } from 'node:child_process'
import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ensurePeer } from '../peer/peer.ts'

export type ServerName = 'official' | 'perdure'

/** A server's command line. */
export interface Program {
  readonly name: ServerName
  readonly command: string
  readonly args: readonly string[]
}

/** The flags of `npm start`, and of the command that the package installs. */
const nodeFlags = ['--max-semi-space-size=8']

const root = join(import.meta.dirname, '../..')

/** The official server, installed if need be. */
export async function official(): Promise<Program> {
  return { name: 'official', command: (await ensurePeer()).server, args: [] }
}

/** This server: `main` if it is given, else the build, made anew where the sources are younger. */
export async function perdure(main?: string): Promise<Program> {
  return { name: 'perdure', command: process.execPath, args: [...nodeFlags, main ?? (await built())] }
}

async function built(): Promise<string> {
  const main = join(root, 'dist/main.js')
  const builtAtMs = statSync(main, { throwIfNoEntry: false })?.mtimeMs ?? 0
  const isStale = globSync('src/**/*.ts', { cwd: root }).some((path) => statSync(join(root, path)).mtimeMs > builtAtMs)
  if (isStale) await build()
  return main
}

function build(): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile('npm', ['run', '--silent', 'build'], { cwd: root }, (error, stdout, stderr) => {
      if (error === null) resolve()
      else reject(new Error(`the sources do not compile (npm run build):\n${stdout.trim() || stderr.trim()}`))
    })
  })
}
