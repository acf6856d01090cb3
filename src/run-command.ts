import { commands } from './commands/commands.ts'
import { refuseOfficialCommand } from './commands/official-cli.ts'
import { loadConfig } from './config/load-config.ts'
import { PerdureError } from './errors/perdure-error.ts'
import { takeActivatedSockets } from './listen/socket-activation.ts'
import { Reloader } from './reload.ts'
import { Server } from './server.ts'
import { welcome } from './startup-report.ts'
import { createLogger, type Logger } from './telemetry/logger.ts'
import { version } from './version.ts'

/** The `perdure` command: runs the server until a signal ends it, or one of `commands`. Sets the exit code; 1 after any failure. */
export async function runCommand(argv: readonly string[]): Promise<void> {
  try {
    const [name = '', ...rest] = argv
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (command === undefined) refuseOfficialCommand(name)
    if (command !== undefined) {
      if (!(await command(rest))) process.exitCode = 1
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
        const activatedSockets = takeActivatedSockets(process.env, process.pid)
        const log = createLogger(loaded.config)
        for (const warning of loaded.warnings) log.warn({ event: 'configuration', warning })
        const stop = stopper(log, loaded.config.shutdownTimeoutMs)
        const reloader = new Reloader(log)
        // Before anything can be reloaded: an early SIGHUP must not end the process.
        reloader.start()
        const { config } = loaded
        const server = await Server.start({ config, log, version, onFatal: stop.fatal, reloader, activatedSockets })
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
  // While it starts nothing needs an orderly end: what a kill leaves behind, the next start finds. As first process of a container
  // it would not even notice a signal that nobody listens to.
  const stopStart = (signal: NodeJS.Signals): void => {
    log.info({ event: 'stopped', signal, during: 'start' })
    // `process.exit` waits for the thread of the store, which may write all of its file anew; what the signal does by itself does not.
    process.off(signal, stopStart)
    process.kill(process.pid, signal)
    process.exit()
  }
  process.on('SIGTERM', stopStart)
  process.on('SIGINT', stopStart)
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
      for (const signal of ['SIGTERM', 'SIGINT'] as const) {
        process.on(signal, stop)
        process.off(signal, stopStart)
      }
    },
  }
}
