import { spawnSync } from 'node:child_process'
import t from 'tap'
import { createLogger, type LoggerConfig } from '../../src/telemetry/logger.ts'

function capture(config: Partial<LoggerConfig> = {}) {
  const lines: string[] = []
  const full = { logFilter: 'trace', logFormat: 'json', logDisableAnsiCodes: true, ...config } as const
  return { log: createLogger(full, { write: (line) => void lines.push(line) }), lines }
}

t.test('json is one object a line', (t) => {
  const { log, lines } = capture()
  log.info({ event: 'listening', address: 'http://127.0.0.1:1', port: 1 })
  t.equal(lines.length, 1)
  t.ok(lines[0]?.endsWith('}\n'))
  const record = JSON.parse(lines[0] ?? '')
  t.match(record, { level: 'info', event: 'listening', address: 'http://127.0.0.1:1', port: 1 })
  t.match(record.time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  t.notOk('pid' in record)
  t.end()
})

t.test('the filter decides what is written', (t) => {
  const { log, lines } = capture({ logFilter: 'warn,restate=info' })
  log.debug({ event: 'hidden' })
  log.info({ event: 'shown' })
  t.equal(lines.length, 1)
  const silent = capture({ logFilter: 'off' })
  silent.log.fatal({ event: 'hidden' })
  t.equal(silent.lines.length, 0)
  t.end()
})

t.test('pretty and compact are lines for people', (t) => {
  const error = new TypeError('it broke', { cause: new Error('deeper') })
  for (const logFormat of ['pretty', 'compact'] as const) {
    const { log, lines } = capture({ logFormat })
    log.warn({ event: 'something', path: '/a b', count: 2, nested: { a: 1 }, err: error })
    const [line = ''] = lines
    t.match(line, /WARN +something path="\/a b" count=2 nested=\{"a":1\}/, logFormat)
    t.match(line, 'it broke')
    t.ok(line.endsWith('\n'))
    t.notMatch(line, '\u001b', 'no colours')
    if (logFormat === 'compact') t.equal(line.split('\n').length, 2, 'one line')
    else t.match(line, /TypeError: it broke\n +at [\s\S]+caused by:\n +Error: deeper/)
  }
  t.end()
})

t.test('text from outside cannot forge a line or move the cursor', (t) => {
  for (const logFormat of ['pretty', 'compact'] as const) {
    const { log, lines } = capture({ logFormat })
    const forged = '/x\n12:00:00.000 INFO forged\u001b[2J\u009b2J\u202egnol'
    log.info({ event: forged, path: forged, nested: { [forged]: forged } }, forged)
    t.equal(lines[0]?.split('\n').length, 2)
    log.info({ event: 'failed', err: new Error(forged) })
    for (const control of ['\u001b', '\u009b', '\u202e']) t.notMatch(lines.join(''), control)
  }
  t.end()
})

t.test('json goes to standard output, the others to standard error', (t) => {
  for (const [logFormat, stream] of [
    ['json', 'stdout'],
    ['pretty', 'stderr'],
    ['compact', 'stderr'],
  ] as const) {
    const module = new URL('../../src/telemetry/logger.ts', import.meta.url).href
    const config = JSON.stringify({ logFilter: 'info', logFormat, logDisableAnsiCodes: false })
    // The line must be there although the process ends at once.
    const script = `import { createLogger } from '${module}'; createLogger(${config}).info({ event: 'hello' }); process.kill(process.pid, 'SIGKILL')`
    const env = { ...process.env, NODE_OPTIONS: '' }
    const result = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env })
    t.match(result[stream], 'hello', logFormat)
    t.notMatch(result[stream === 'stdout' ? 'stderr' : 'stdout'], 'hello')
    t.notMatch(result[stream], '\u001b', 'no colours without a terminal')
  }
  t.end()
})
