import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { end } from '../../examples/processes.ts'
import { listenOnLoopback } from '../ingress/loopback.ts'
import { withChanges } from './with-changes.ts'

const root = join(import.meta.dirname, '../..')
const isRoot = process.getuid?.() === 0

/** A user of this machine that an sshd of the tests runs as; it can let in nobody else. */
export interface Account {
  readonly name: string
  readonly group: string
  readonly uid: number
  readonly gid: number
}

/** Who may use the socket of admin. As root, an account that every Debian has; else whoever runs the tests. */
export function operator(): Account {
  return isRoot ? accountOf('nobody') : accountOf(userInfo().username)
}

/** Another user; only root can be one. */
export function outsider(): Account | undefined {
  return isRoot ? accountOf('games') : undefined
}

function accountOf(name: string): Account {
  const ask = (flag: string) => execFileSync('id', [flag, name], { encoding: 'utf8' }).trim()
  return { name, group: ask('-gn'), uid: Number(ask('-u')), gid: Number(ask('-g')) }
}

/** The real sshd with the settings that are shipped, as an unprivileged user on a free port of 127.0.0.1. */
export interface Sshd {
  readonly account: Account
  /** A client that only forwards. Resolves when every socket of `locals` is there. */
  tunnel(forwards: readonly string[], locals: readonly string[]): Promise<Client>
  /** Runs a client to its end. */
  run(...args: readonly string[]): Promise<{ readonly code: number | null; readonly said: string }>
  /** Everything that the server has written. */
  output(): string
}

export interface Client {
  /** Everything that it has written. */
  said(): string
  stop(): Promise<void>
}

/**
 * @param directory short, for keys and settings; made passable for others
 * @param adminSocket in place of the path in the settings
 */
export async function startSshd(t: Test, directory: string, adminSocket: string, account: Account): Promise<Sshd> {
  const binary = '/usr/sbin/sshd'
  if (!existsSync(binary))
    throw new Error(
      'sshd is not installed, and these tests need the real one: apt-get install openssh-server openssh-client',
    )
  chmodSync(directory, 0o711)
  const file = (name: string) => join(directory, `${account.name}-${name}`)
  for (const name of ['host', 'client'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(name)], { stdio: 'pipe' })
  writeFileSync(file('recipe.conf'), recipe(account, adminSocket))
  writeFileSync(file('sshd.conf'), settings(file))
  // Whatever the umask is, the account can read them.
  for (const name of ['recipe.conf', 'sshd.conf', 'client.pub']) chmodSync(file(name), 0o644)
  if (isRoot) chownSync(file('host'), account.uid, account.gid)

  let said = ''
  const sessions = new Set<ChildProcess>()
  // As inetd would: this process accepts, sshd serves one connection.
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    const session = spawn(binary, ['-i', '-e', '-f', file('sshd.conf')], {
      stdio: [socket, socket, 'pipe'],
      ...(isRoot ? { uid: account.uid, gid: account.gid } : {}),
    })
    socket.destroy()
    session.stderr?.on('data', (chunk) => (said += String(chunk)))
    sessions.add(session)
    session.once('exit', () => sessions.delete(session))
  })
  const port = await listenOnLoopback(server)
  t.teardown(async () => {
    server.close()
    await Promise.all([...sessions].map((session) => end(session)))
  })

  const start = (args: readonly string[]) => {
    const child = spawn('ssh', [...clientOptions(file), '-p', String(port), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let heard = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (heard += String(chunk)))
    t.teardown(() => end(child))
    return { child, said: () => heard }
  }
  const target = `${account.name}@127.0.0.1`
  return {
    account,
    output: () => said,
    async tunnel(forwards, locals) {
      const client = start(['-N', ...forwards.flatMap((forward) => ['-L', forward]), target])
      const deadline = performance.now() + 60_000
      while (!locals.every((local) => existsSync(local))) {
        if (client.child.exitCode !== null || performance.now() > deadline)
          throw new Error(`the tunnel did not open: ${client.said()}${said}`)
        await sleep(20)
      }
      return { said: client.said, stop: () => end(client.child) }
    },
    async run(...args) {
      const { child, said: heard } = start([
        ...args.slice(0, -1),
        target,
        ...args.slice(-1).filter((last) => last !== ''),
      ])
      const [code] = await once(child, 'close')
      return { code, said: heard() }
    },
  }
}

/** The shipped settings, for the group of the account. */
function recipe({ group }: Account, adminSocket: string): string {
  const name = 'deploy/ssh/sshd_config.d/perdure.conf'
  return withChanges(name, readFileSync(join(root, name), 'utf8'), [
    [/Match Group perdure-ops/, `Match Group ${group}`],
    [/PermitOpen \[\S+\]:\*/, `PermitOpen [${adminSocket}]:*`],
  ])
}

/** What stands around it on a machine, as Debian has it, and what makes it this process alone. */
function settings(file: (name: string) => string): string {
  return [
    `Include ${file('recipe.conf')}`,
    'KbdInteractiveAuthentication no',
    'UsePAM yes',
    'X11Forwarding yes',
    'PrintMotd no',
    'Subsystem sftp internal-sftp',
    `HostKey ${file('host')}`,
    `AuthorizedKeysFile ${file('client.pub')}`,
    // The keys are below a directory that everybody may write to.
    'StrictModes no',
    'PidFile none',
    'LogLevel VERBOSE',
    '',
  ].join('\n')
}

function clientOptions(file: (name: string) => string): readonly string[] {
  const options = [
    'BatchMode=yes',
    'ExitOnForwardFailure=yes',
    'IdentitiesOnly=yes',
    'StrictHostKeyChecking=no',
    `UserKnownHostsFile=${file('known')}`,
    'LogLevel=INFO',
  ]
  return ['-F', 'none', '-T', '-i', file('client'), ...options.flatMap((option) => ['-o', option])]
}
