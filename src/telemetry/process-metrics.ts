import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Metrics } from './metrics.ts'

const nanosecondsPerSecond = 1e9
const quantiles = ['0.5', '0.99', '1'] as const

/**
 * Memory, CPU, uptime and event loop delay of the process, read when metrics are rendered. The delays are those
 * since the rendering before, so with several scrapers each sees a part. Dispose it to stop the measurement.
 */
export function registerProcessMetrics(metrics: Metrics): Disposable {
  const resident = metrics.gauge('process_resident_memory_bytes', 'Resident memory of the process.').with({})
  const heapUsed = metrics.gauge('process_heap_used_bytes', 'JavaScript heap in use.').with({})
  const heapTotal = metrics.gauge('process_heap_total_bytes', 'JavaScript heap allocated.').with({})
  const external = metrics.gauge('process_external_memory_bytes', 'Memory of buffers outside the heap.').with({})
  const uptime = metrics.gauge('process_uptime_seconds', 'Time since the process started.').with({})
  const cpu = metrics.counter('process_cpu_seconds_total', 'User and system CPU time.').with({})
  const delay = metrics.gauge('event_loop_delay_seconds', 'Delay of the event loop since the last scrape.', {
    quantile: quantiles,
  })
  const delays = quantiles.map((quantile) => ({ percent: Number(quantile) * 100, gauge: delay.with({ quantile }) }))
  const histogram = monitorEventLoopDelay({ resolution: 20 })
  histogram.enable()

  metrics.onRender(() => {
    const memory = process.memoryUsage()
    resident.set(memory.rss)
    heapUsed.set(memory.heapUsed)
    heapTotal.set(memory.heapTotal)
    external.set(memory.external)
    uptime.set(process.uptime())
    const { user, system } = process.cpuUsage()
    cpu.value = (user + system) / 1e6
    for (const { percent, gauge } of delays) {
      gauge.set(histogram.count === 0 ? 0 : histogram.percentile(percent) / nanosecondsPerSecond)
    }
    histogram.reset()
  })
  return { [Symbol.dispose]: () => void histogram.disable() }
}
