import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { end } from '../../examples/processes.ts'
import { endWithProcess, type ScratchDirectory, scratchDirectory } from './leftovers.ts'
import type { Program, ServerName } from './programs.ts'

const READY_TIMEOUT_MS = 30_000

/** A server that is ready. Disposing of it kills it. */
export interface BenchServer extends AsyncDisposable {
  readonly name: ServerName
  readonly pid: number
  readonly ingress: string
  readonly admin: string
  /** From the start of the process until ingress and admin both answered. */
  readonly readyMs: number
  /** The last of what it logged, for error messages. */
  lastWords(): string
}

/**
 * Starts a server with its defaults, but for addresses, data directory and a quiet log. `kept` is a directory that
 * the caller disposes of; without it there is a fresh one that goes with the server.
 */
export async function startServer(program: Program, kept?: ScratchDirectory): Promise<BenchServer> {
  const { name, command, args } = program
  const directory = kept ?? (await scratchDirectory())
  const [ingressPort, adminPort, fabricPort] = await Promise.all([freePort(), freePort(), freePort()])
  const ingress = `http://127.0.0.1:${ingressPort}`
  const admin = `http://127.0.0.1:${adminPort}`
  const logFile = join(directory.path, 'output')
  const output = openSync(logFile, 'a')
  const lastWords = (): string => readFileSync(logFile, 'utf8').slice(-2000)
  const startedAt = performance.now()
  const child = spawn(command, args, {
    cwd: directory.path,
    stdio: ['ignore', output, output],
    env: {
      ...foreignVariables(),
      RESTATE_BASE_DIR: directory.path,
      RESTATE_NODE_NAME: 'bench',
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_BIND_IP: '127.0.0.1',
      RESTATE_BIND_PORT: String(fabricPort),
      RESTATE_ADMIN__BIND_PORT: String(adminPort),
      RESTATE_INGRESS__BIND_PORT: String(ingressPort),
      RESTATE_LOG_FILTER: 'warn',
      DO_NOT_TRACK: '1',
    },
  })
  closeSync(output)
  endWithProcess(child)
  const dispose = async (): Promise<void> => {
    await end(child, 'SIGKILL')
    if (kept === undefined) await directory[Symbol.asyncDispose]()
  }
  try {
    while (!(await answers(`${ingress}/restate/health`)) || !(await answers(`${admin}/health`))) {
      if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}:\n${lastWords()}`)
      if (performance.now() - startedAt > READY_TIMEOUT_MS) {
        throw new Error(`${name} was not ready after ${READY_TIMEOUT_MS / 1000} s:\n${lastWords()}`)
      }
      await sleep(2)
    }
  } catch (error) {
    await dispose()
    throw error
  }
  const readyMs = performance.now() - startedAt
  return { name, pid: child.pid ?? 0, ingress, admin, readyMs, lastWords, [Symbol.asyncDispose]: dispose }
}

/** This environment without what configures the servers. */
function foreignVariables(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(RESTATE_|RUST_LOG$)/.test(name)))
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    return false
  }
}
