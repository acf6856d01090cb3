import { Worker } from 'node:worker_threads'

/**
 * Ends this process from a thread of its own when it uses too much memory, or when the server that started it is gone. SQLite
 * works for as long as a query takes without giving the main thread a turn, and nothing else can stop it.
 */
export function startWatchdog(maxMemoryBytes: number): void {
  const code = `
    const { writeSync } = require('node:fs')
    const { workerData } = require('node:worker_threads')
    const parent = process.ppid
    setInterval(() => {
      const isTooLarge = process.memoryUsage.rss() > workerData.maxMemoryBytes
      if (isTooLarge) writeSync(2, workerData.memoryMark)
      if (isTooLarge || process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
    }, 50)
  `
  const worker = new Worker(code, { eval: true, workerData: { maxMemoryBytes, memoryMark } })
  worker.unref()
}

/** What the process writes to its standard error before it ends for want of memory. */
export const memoryMark = 'out of memory\n'
