import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Metrics } from '../../src/telemetry/metrics.ts'
import { registerProcessMetrics } from '../../src/telemetry/process-metrics.ts'

t.test('counters, gauges and histograms in text format 0.0.4', (t) => {
  const metrics = new Metrics()
  const calls = metrics.counter('calls_total', 'Calls so far.', { status: ['ok', 'failed'] })
  const ok = calls.with({ status: 'ok' })
  ok.inc()
  ok.inc(2)
  calls.with({ status: 'failed' }).inc()
  const open = metrics.gauge('open', 'Open now.').with({})
  open.inc(5)
  open.dec()
  metrics.gauge('edge', 'Numbers at the edge.').with({}).set(Number.POSITIVE_INFINITY)
  const seconds = metrics.histogram('call_seconds', 'Time.', [0.1, 1], { kind: ['a'] }).with({ kind: 'a' })
  for (const value of [0.05, 0.1, 0.5, 7]) seconds.observe(value)
  t.equal(
    metrics.render(),
    `# HELP perdure_calls_total Calls so far.
# TYPE perdure_calls_total counter
perdure_calls_total{status="ok"} 3
perdure_calls_total{status="failed"} 1
# HELP perdure_open Open now.
# TYPE perdure_open gauge
perdure_open 4
# HELP perdure_edge Numbers at the edge.
# TYPE perdure_edge gauge
perdure_edge +Inf
# HELP perdure_call_seconds Time.
# TYPE perdure_call_seconds histogram
perdure_call_seconds_bucket{kind="a",le="0.1"} 2
perdure_call_seconds_bucket{kind="a",le="1"} 3
perdure_call_seconds_bucket{kind="a",le="+Inf"} 4
perdure_call_seconds_sum{kind="a"} 7.65
perdure_call_seconds_count{kind="a"} 4
`,
  )
  t.end()
})

t.test('constant labels are on every sample, and everything is escaped', (t) => {
  const metrics = new Metrics({ cluster_name: 'a"b\\c\nd', node_name: 'n1' })
  metrics.counter('plain_total', 'Line\none \\ two.').with({})
  metrics.counter('labelled_total', 'x', { what: { maxValues: 2 } }).with({ what: '\n"' })
  t.equal(
    metrics.render(),
    String.raw`# HELP perdure_plain_total Line\none \\ two.
# TYPE perdure_plain_total counter
perdure_plain_total{cluster_name="a\"b\\c\nd",node_name="n1"} 0
# HELP perdure_labelled_total x
# TYPE perdure_labelled_total counter
perdure_labelled_total{cluster_name="a\"b\\c\nd",node_name="n1",what="\n\""} 0
`,
  )
  t.end()
})

t.test('label values are bounded: the cap passes, and what is past it is `other`', (t) => {
  const metrics = new Metrics()
  const capped = metrics.counter('capped_total', 'x', { service: { maxValues: 3 } })
  for (let i = 0; i < 1000; i++) capped.with({ service: `s${i}` }).inc()
  capped.with({ service: 's2' }).inc()
  const declared = metrics.counter('declared_total', 'x', { status: ['ok'] })
  declared.with({ status: 'whatever' }).inc()
  const samples = metrics
    .render()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  t.same(samples, [
    'perdure_capped_total{service="s0"} 1',
    'perdure_capped_total{service="s1"} 1',
    'perdure_capped_total{service="s2"} 2',
    'perdure_capped_total{service="other"} 997',
    'perdure_declared_total{status="other"} 1',
  ])
  t.equal(capped.with({ service: 's0' }), capped.with({ service: 's0' }), 'a handle is always the same')
  t.end()
})

t.test('mistakes in a registration are errors', (t) => {
  const metrics = new Metrics()
  metrics.counter('calls_total', 'x')
  t.throws(() => metrics.gauge('calls_total', 'x'), /registered twice/)
  t.throws(() => metrics.gauge('Calls-Total', 'x'), /snake_case/)
  t.throws(() => metrics.gauge('g', 'x', { 'a-b': ['c'] }), /snake_case/)
  t.throws(() => metrics.histogram('h', 'x', [1, 1]), /rising/)
  t.throws(() => metrics.histogram('h', 'x', []), /rising/)
  t.throws(() => metrics.histogram('h', 'x', [1], { le: ['1'] }), /reserved/)
  t.end()
})

t.test('onRender sets what lives elsewhere', (t) => {
  const metrics = new Metrics()
  const size = metrics.gauge('queue_size', 'x').with({})
  let length = 0
  metrics.onRender(() => size.set(length))
  length = 42
  t.match(metrics.render(), 'perdure_queue_size 42\n')
  t.end()
})

t.test('process metrics', async (t) => {
  const metrics = new Metrics()
  using _process = registerProcessMetrics(metrics)
  await sleep(30)
  const blockedUntil = performance.now() + 150
  while (performance.now() < blockedUntil);
  await sleep(30)
  const value = (name: string) =>
    Number(
      metricsText
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1],
    )
  const metricsText = metrics.render()
  t.ok(value('perdure_process_resident_memory_bytes') > 1e7)
  t.ok(value('perdure_process_heap_used_bytes') > 1e6)
  t.ok(value('perdure_process_uptime_seconds') > 0)
  t.ok(value('perdure_process_cpu_seconds_total') > 0)
  t.ok(value('perdure_event_loop_delay_seconds{quantile="1"}') > 0.1, 'the block is seen')
  // On a slow machine there are others, which are forgotten in their turn.
  let later = Number.POSITIVE_INFINITY
  for (let tries = 0; later > 0.1 && tries < 300; tries += 1) {
    await sleep(60)
    later = Number(metrics.render().match(/delay_seconds\{quantile="1"\} (\S+)/)?.[1])
  }
  t.ok(later < 0.1, 'and forgotten after a scrape')
})
