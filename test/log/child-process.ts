import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

/** A process of its own that runs `appender.ts`; `printed` grows as it prints lines. */
export interface Appender {
  readonly pid: number
  readonly printed: readonly string[]
  printedAtLeast(lines: number): Promise<void>
  kill(): Promise<void>
}

export function spawnAppender(t: Test, directory: string, first: number, atATime: number): Appender {
  const script = fileURLToPath(new URL('./appender.ts', import.meta.url))
  const child = spawn(process.execPath, [script, directory, String(first), String(atATime)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH },
  })
  t.teardown(() => child.kill('SIGKILL'))
  const { pid } = child
  if (pid === undefined) throw new Error('the child process did not start')
  return watch(child, pid)
}

function watch(child: ChildProcess & { stdout: NodeJS.ReadableStream }, pid: number): Appender {
  const printed: string[] = []
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => printed.push(line))
  const closed = once(child, 'close')
  return {
    pid,
    printed,
    async printedAtLeast(count) {
      while (printed.length < count)
        await Promise.race([once(lines, 'line'), closed.then(() => Promise.reject(new Error('ended')))])
    },
    async kill() {
      child.kill('SIGKILL')
      await closed
    },
  }
}
