import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSegmentLog } from '../../src/log/segment-log.ts'

// Appends per second and CPU per append of the log, for numbers of appenders that each wait for their last append.
// Usage: node test/bench/log.ts [batch bytes] [seconds] [directory]

const [batchBytes = '300', seconds = '2', parent = tmpdir()] = process.argv.slice(2)
const batch = Buffer.alloc(Number(batchBytes), 0x5a)

for (const appenders of [1, 64, 256]) await measure(appenders, 0.3, false)
for (const appenders of [1, 64, 256]) await measure(appenders, Number(seconds), true)

async function measure(appenders: number, durationS: number, report: boolean): Promise<void> {
  const directory = mkdtempSync(join(parent, 'perdure-bench-log-'))
  const log = await openSegmentLog({
    directory,
    segmentSizeBytes: 64 * 1024 * 1024,
    onFatal(error) {
      throw error
    },
  })
  let running = true
  const append = () => {
    log.append(batch, () => {
      if (running) append()
    })
  }
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  for (let i = 0; i < appenders; i++) append()
  await new Promise((resolve) => setTimeout(resolve, durationS * 1000))
  running = false
  await log.close()
  const elapsedS = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(cpu)
  rmSync(directory, { recursive: true })
  if (!report) return
  const { appendedBatches: count, syncs, maxSyncMs } = log.metrics
  console.log(
    `${String(appenders).padStart(3)} appenders: ${Math.round(count / elapsedS)} appends/s, ` +
      `${((user + system) / count).toFixed(2)} us CPU an append (${(user / count).toFixed(2)} user), ` +
      `${Math.round(syncs / elapsedS)} syncs/s, ${(count / syncs).toFixed(1)} appends a sync, longest sync ${maxSyncMs.toFixed(1)} ms`,
  )
}
