import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const packageDir = dirname(fileURLToPath(import.meta.url))
const modulesDir = join(packageDir, 'node_modules')
const binaryOf = (name: 'restate' | 'restate-server') =>
  join(modulesDir, `@restatedev/${name}-${process.platform}-${process.arch}`, 'bin', name)

/** npm writes this file last: without it an earlier install was interrupted. */
const installedMarker = join(modulesDir, '.package-lock.json')

export interface Peer {
  /** Path of the official CLI's executable. */
  readonly cli: string
  /** Path of the official server's executable. */
  readonly server: string
}

/**
 * The official binaries, installed from the lock file on first use (over 400 MB). Test files that ask at the
 * same time wait for one installation. Throws with npm's own words when the registry cannot be reached.
 */
export async function ensurePeer(): Promise<Peer> {
  const peer = { cli: binaryOf('restate'), server: binaryOf('restate-server') }
  const installed = () => [installedMarker, peer.cli, peer.server].every((path) => existsSync(path))
  if (installed()) return peer
  await using _lock = await acquireInstallLock()
  if (!installed()) await npmCi()
  if (installed()) return peer
  throw new Error(
    `no official Restate ${process.platform}-${process.arch} binaries in ${modulesDir} after npm ci: their packages are optional dependencies, see that npm was not told to omit those`,
  )
}

function npmCi(): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile('npm', ['ci', '--no-audit', '--no-fund'], { cwd: packageDir }, (error, _stdout, stderr) => {
      if (error === null) return resolve()
      const reason = stderr.trim() || error.message
      reject(new Error(`the official Restate packages could not be installed (npm ci in ${packageDir}): ${reason}`))
    })
  })
}

const INSTALL_WAIT_MS = 10 * 60_000

/** A directory, because creating one is atomic; it names its owner, so that a lock left by a dead process is taken. */
async function acquireInstallLock(): Promise<AsyncDisposable> {
  const name = createHash('sha256').update(packageDir).digest('hex').slice(0, 16)
  const lockDir = join(tmpdir(), `perdure-test-peer-${name}.lock`)
  const ownerFile = join(lockDir, 'pid')
  const deadlineMs = Date.now() + INSTALL_WAIT_MS
  while (Date.now() < deadlineMs) {
    try {
      await mkdir(lockDir)
      await writeFile(ownerFile, String(process.pid))
      return { [Symbol.asyncDispose]: () => rm(lockDir, { recursive: true, force: true }) }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    await delay(200)
    const owner = Number(await readFile(ownerFile, 'utf8').catch(() => ''))
    if (owner > 0 && !isAlive(owner)) await rm(lockDir, { recursive: true, force: true })
  }
  throw new Error(`another process has been installing the official Restate packages for too long; remove ${lockDir}`)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

export interface CliResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const CLI_TIMEOUT_MS = 30_000

/**
 * Runs the official CLI with nothing of this machine's user: own home, own configuration, own working directory,
 * and a dead HTTPS proxy, so that it cannot reach the internet. `env` says where the admin API is.
 */
export async function runCli(args: readonly string[], env: Readonly<Record<string, string>>): Promise<CliResult> {
  const { cli } = await ensurePeer()
  const home = await mkdtemp(join(tmpdir(), 'perdure-cli-'))
  try {
    const child = spawn(cli, args, {
      cwd: home,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        HOME: home,
        PATH: process.env.PATH,
        NO_COLOR: '1',
        HTTPS_PROXY: 'http://127.0.0.1:9',
        RESTATE_CLI_CONFIG_HOME: join(home, 'config'),
        ...env,
      },
    })
    return await resultOf(child)
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

function resultOf(child: ChildProcess): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), CLI_TIMEOUT_MS)
    child.once('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      if (code !== null) resolve({ code, stdout, stderr })
      else reject(new Error(`the CLI was ended by ${signal}; it had said: ${stdout}${stderr}`))
    })
  })
}
