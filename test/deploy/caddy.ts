import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { end } from '../../examples/processes.ts'
import type { ProxyPlaces, ReverseProxy } from '../e2e/proxied-ingress.ts'
import { withChanges } from './with-changes.ts'

const root = join(import.meta.dirname, '../..')
const fixtures = join(root, 'test/registry/fixtures')
const binary = ['/usr/bin/caddy', '/usr/local/bin/caddy'].find((path) => existsSync(path))

/** Caddy with `deploy/caddy/Caddyfile`. */
export interface Caddy extends ReverseProxy {
  /** Everything that it has written. */
  output(): string
}

/** Starts the Caddy of this machine with the configuration that is shipped, listening with TLS on a socket in its directory. */
export async function startCaddy({ prefix, ingressSocket, authPort }: ProxyPlaces): Promise<Caddy> {
  if (binary === undefined)
    throw new Error('Caddy is not installed, and these tests need the real one: apt-get install caddy')
  const socket = join(prefix, 'tls.sock')
  const file = join(prefix, 'Caddyfile')
  mkdirSync(join(prefix, 'home'))
  writeFileSync(
    file,
    withChanges('deploy/caddy/Caddyfile', readFileSync(join(root, 'deploy/caddy/Caddyfile'), 'utf8'), [
      [/admin unix\S+/, `admin unix/${join(prefix, 'admin.sock')}`],
      [/https:\/\/api\.example \{/, `https://localhost {\n\tbind unix/${socket}`],
      [/tls \/etc\S+ \/etc\S+/, `tls ${join(fixtures, 'localhost-cert.pem')} ${join(fixtures, 'localhost-key.pem')}`],
      [/forward_auth 127\.0\.0\.1:4180/, `forward_auth 127.0.0.1:${authPort}`],
      [/reverse_proxy unix\S+/, `reverse_proxy unix/${ingressSocket}`],
    ]),
  )
  const child = spawn(binary, ['run', '--config', file, '--adapter', 'caddyfile'], {
    cwd: prefix,
    env: { HOME: join(prefix, 'home'), PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
  const deadline = performance.now() + 60_000
  while (!existsSync(socket)) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await end(child, 'SIGKILL')
      throw new Error(`Caddy did not start: ${said}`)
    }
    await sleep(20)
  }
  return { socket, prefix, output: () => said, stop: () => end(child) }
}
