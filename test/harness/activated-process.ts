import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, linkSync, renameSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { createInterface } from 'node:readline'

/** A socket that is bound before the program that accepts on it is there. */
export type SocketToPass =
  | { readonly kind: 'tcp'; readonly host: string }
  | { readonly kind: 'unix'; readonly path: string; readonly mode?: number }

export interface ActivatedProcess {
  readonly child: ChildProcess
  /** What it has said so far, both streams. */
  readonly said: () => string
  /** Ports of the TCP sockets, in the order of the sockets. */
  readonly ports: readonly number[]
  until(pattern: RegExp): Promise<RegExpMatchArray>
}

/**
 * Starts a program with this Node and passes sockets to it, as systemd does: file descriptors from 3 on, LISTEN_FDS and
 * LISTEN_PID. `env` has LISTEN_FDNAMES, and wins.
 */
export async function startActivated(
  sockets: readonly SocketToPass[],
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ActivatedProcess> {
  const servers = await Promise.all(sockets.map(bound))
  const ports = servers.flatMap((server) => {
    const address = server.address()
    return address !== null && typeof address === 'object' ? [address.port] : []
  })
  // The shell becomes the program, and so knows its process id.
  const script = `LISTEN_PID=\${LISTEN_PID:-$$} exec "$0" "$@"`
  const child = spawn('sh', ['-c', script, process.execPath, ...args], {
    env: { ...process.env, LISTEN_FDS: String(sockets.length), ...env },
    stdio: ['ignore', 'pipe', 'pipe', ...servers.map(descriptorOf)],
  })
  for (const [index, server] of servers.entries()) release(server, sockets[index])
  const lines: string[] = []
  for (const input of [child.stdout, child.stderr]) {
    if (input !== null) createInterface({ input }).on('line', (line) => lines.push(line))
  }
  const said = () => lines.join('\n')
  const until = async (pattern: RegExp): Promise<RegExpMatchArray> => {
    const deadline = performance.now() + 60_000
    for (;;) {
      const match = said().match(pattern)
      if (match !== null) return match
      if (child.exitCode !== null || performance.now() > deadline) throw new Error(`no ${pattern} in:\n${said()}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  return { child, said, ports, until }
}

async function bound(socket: SocketToPass): Promise<Server> {
  const server = createServer()
  if (socket.kind === 'tcp') server.listen(0, socket.host)
  else server.listen(socket.path)
  await once(server, 'listening')
  if (socket.kind === 'unix' && socket.mode !== undefined) chmodSync(socket.path, socket.mode)
  return server
}

/** Node has no public name for it. */
function descriptorOf(server: Server): number {
  const handle: unknown = Reflect.get(server, '_handle')
  if (typeof handle === 'object' && handle !== null && 'fd' in handle && typeof handle.fd === 'number') return handle.fd
  throw new Error('the server has no descriptor')
}

/** The program has a copy; this process must not accept. A Unix socket keeps its file, which Node would remove. */
function release(server: Server, socket: SocketToPass | undefined): void {
  if (socket?.kind !== 'unix') {
    server.close()
    return
  }
  const kept = `${socket.path}.kept`
  linkSync(socket.path, kept)
  server.close()
  renameSync(kept, socket.path)
}
