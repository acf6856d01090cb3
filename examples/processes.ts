import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A program that runs, and what the patterns found in the lines that said that it is ready. */
export interface Started {
  readonly process: ChildProcess
  readonly matches: readonly RegExpMatchArray[]
}

/** A program that has not said that it is ready by then is ended. */
const readyTimeoutMs = 60_000

/** Starts a program with this Node, and waits for the last of the lines that match one pattern each. */
export async function startNode(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  patterns: readonly RegExp[],
): Promise<Started> {
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const matches: RegExpMatchArray[] = []
  const said: string[] = []
  await new Promise<void>((resolve, reject) => {
    const overdue = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`${args.join(' ')} was not ready after ${readyTimeoutMs / 1000} s:\n${said.join('\n')}`))
    }, readyTimeoutMs)
    const hear = (line: string): void => {
      said.push(line)
      const pattern = patterns[matches.length]
      const match = pattern === undefined ? null : line.match(pattern)
      if (match !== null) matches.push(match)
      if (matches.length < patterns.length) return
      clearTimeout(overdue)
      resolve()
    }
    createInterface({ input: child.stdout }).on('line', hear)
    createInterface({ input: child.stderr }).on('line', hear)
    child.once('error', reject)
    child.once('exit', (code) => {
      clearTimeout(overdue)
      reject(new Error(`${args.join(' ')} ended with ${code}:\n${said.join('\n')}`))
    })
  })
  return { process: child, matches }
}

/** Ends a process that we started, and waits until it is gone. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}
