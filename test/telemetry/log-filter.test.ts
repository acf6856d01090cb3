import t from 'tap'
import { parseLogFilter } from '../../src/telemetry/log-filter.ts'

t.test('the level that a filter gives to this server', (t) => {
  for (const [filter, level] of [
    ['warn,restate=info', 'info'],
    ['restate=info,warn', 'info'],
    ['warn', 'warn'],
    ['', 'error'],
    ['INFO', 'info'],
    [' warn , restate = debug '.replaceAll(' = ', '='), 'debug'],
    ['off', 'silent'],
    ['restate=off,info', 'silent'],
    ['restate', 'trace'],
    ['perdure=debug,restate=warn', 'debug'],
    ['info,hyper=trace,restate_ingress_http::api=debug', 'info'],
    ['info,restate[invocation]=trace', 'info'],
  ] as const) {
    t.equal(parseLogFilter(filter), level, JSON.stringify(filter))
  }
  t.end()
})

t.test('a directive that cannot be read is an error that quotes it', (t) => {
  for (const directive of ['restate=loud', 'a=b=c', '=info', 'restate=', 'two words']) {
    t.throws(
      () => parseLogFilter(`warn,${directive}`),
      { code: 'PERDURE_ERR_TELEMETRY_LOG_FILTER', message: new RegExp(`"${directive}".*warn,restate=info`) },
      directive,
    )
  }
  t.end()
})
