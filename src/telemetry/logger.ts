import { isatty } from 'node:tty'
import pino from 'pino'
import type { Config } from '../config/config.ts'
import { parseLogFilter } from './log-filter.ts'
import { compactFormatter, type LineFormatter, prettyFormatter } from './log-format.ts'
import { redactFields, redactLine } from './redaction.ts'

/** Called with one object whose `event` names what happened in kebab-case: `log.info({ event: 'listening', address })`. */
export type Logger = pino.Logger

export type LoggerConfig = Pick<Config, 'logFilter' | 'logFormat' | 'logDisableAnsiCodes'>

/** Where finished lines go; each ends in a newline. */
export interface LogDestination {
  write(line: string): void
}

/**
 * The log of the process. `json` is one pino object a line (`level` as a word, `time` in ISO 8601) on standard output,
 * where collectors look; `pretty` and `compact` are for people and go to standard error, so that the output of a
 * command stays clean. Writes are synchronous: a line that was logged before a crash is there.
 *
 * Secrets are removed at every level, by key and by shape; see `redaction.ts`.
 *
 * @throws LogFilterInvalid
 */
export function createLogger(config: LoggerConfig, destination?: LogDestination): Logger {
  const fd = config.logFormat === 'json' ? 1 : 2
  const target = destination ?? pino.destination({ fd, sync: true })
  const format = formatterOf(config, destination === undefined && isatty(fd))
  return pino(
    {
      level: parseLogFilter(config.logFilter),
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: redactFields },
      // redactFields has made errors plain already; pino's own serializer would spread their fields.
      serializers: { err: (err: unknown) => err },
    },
    { write: (line) => target.write(format(redactLine(line))) },
  )
}

function formatterOf(config: LoggerConfig, isTerminal: boolean): LineFormatter {
  const ansi = isTerminal && !config.logDisableAnsiCodes
  switch (config.logFormat) {
    case 'pretty':
      return prettyFormatter(ansi)
    case 'compact':
      return compactFormatter(ansi)
    case 'json':
      return (line) => line
  }
}
