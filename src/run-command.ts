import { loadConfig } from './config/load-config.ts'
import { PerdureError } from './errors/perdure-error.ts'
import { Server } from './server.ts'
import { welcome } from './startup-report.ts'
import { createLogger, type Logger } from './telemetry/logger.ts'
import { version } from './version.ts'

/**
 * The `perdure` command: runs the server until a signal ends it, looks into what is in its way (`doctor`), says what becomes
 * of a header (`headers`), or makes a key for a caller (`api-key`). Sets the exit code; 1 after any failure.
 */
export async function runCommand(argv: readonly string[]): Promise<void> {
  try {
    if (argv[0] === 'doctor') {
      const { doctorCommand } = await import('./doctor-command.ts')
      const write = (text: string) => process.stdout.write(text)
      const isWell = await doctorCommand(argv.slice(1), { env: process.env, cwd: process.cwd(), write })
      if (!isWell) process.exitCode = 1
      return
    }
    if (argv[0] === 'api-key') {
      const { apiKeyCommand } = await import('./api-key-command.ts')
      apiKeyCommand(argv.slice(1), (text) => process.stdout.write(text))
      return
    }
    if (argv[0] === 'headers') {
      const { headersCommand } = await import('./headers-command.ts')
      const write = (text: string) => process.stdout.write(text)
      await headersCommand(argv.slice(1), { env: process.env, cwd: process.cwd(), write })
      return
    }
    const loaded = loadConfig({ argv, env: process.env, cwd: process.cwd() })
    switch (loaded.action) {
      case 'help':
        process.stdout.write(loaded.text)
        return
      case 'version':
        process.stdout.write(`perdure ${version}\n`)
        return
      case 'dump-config':
        process.stdout.write(loaded.dump())
        return
      case 'run': {
        const log = createLogger(loaded.config)
        for (const warning of loaded.warnings) log.warn({ event: 'configuration', warning })
        const stop = stopper(log, loaded.config.shutdownTimeoutMs)
        const server = await Server.start({ config: loaded.config, log, version, onFatal: stop.fatal })
        stop.whenAsked(server)
        process.stderr.write(welcome(server))
      }
    }
  } catch (error) {
    process.stderr.write(`${report(error)}\n`)
    process.exitCode = 1
  }
}

function report(error: unknown): string {
  // What operators can mend has a code and a text that says how; anything else is ours to mend.
  if (error instanceof PerdureError)
    return `perdure: ${error.message}\n  (${error.code}, see docs/errors/${error.code}.md)`
  return `perdure: ${error instanceof Error ? error.stack : String(error)}`
}

interface Stopper {
  readonly fatal: (error: Error) => void
  whenAsked(server: Server): void
}

/** Ends the process: in order when asked to, at once when asked again, when it takes too long, or when a disk failed. */
function stopper(log: Logger, shutdownTimeoutMs: number): Stopper {
  let isStopping = false
  return {
    fatal(error) {
      log.fatal({ event: 'fatal', err: error })
      process.stderr.write(`${report(error)}\n`)
      // What is not in the log must not be shown to anybody: no orderly end, no answers.
      process.exit(1)
    },
    whenAsked(server) {
      const stop = (signal: NodeJS.Signals): void => {
        if (isStopping) {
          log.warn({ event: 'stopping-at-once', signal })
          process.exit(1)
        }
        isStopping = true
        log.info({ event: 'stopping', signal })
        const overdue = setTimeout(() => {
          log.error({ event: 'stop-overdue', shutdownTimeoutMs })
          process.exit(1)
        }, shutdownTimeoutMs)
        server.close().then(
          () => {
            clearTimeout(overdue)
            log.info({ event: 'stopped' })
          },
          (error: unknown) => {
            log.error({ event: 'stop-failed', err: error })
            process.exit(1)
          },
        )
      }
      process.on('SIGTERM', stop)
      process.on('SIGINT', stop)
    },
  }
}
