import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { end } from '../../../examples/processes.ts'
import { type Change, withChanges } from '../../deploy/with-changes.ts'
import type { ProxyPlaces, ReverseProxy } from '../proxied-ingress.ts'

const root = join(import.meta.dirname, '../../..')
const fixtures = join(root, 'test/registry/fixtures')
const binary = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/bin/nginx'].find((path) => existsSync(path))

export interface NginxOptions extends ProxyPlaces {
  /** In place of the hour that a call may take. */
  readonly readTimeout?: string
}

/** Starts the nginx of this machine with `deploy/nginx/perdure.conf`, not as root's service but as a plain process. */
export async function startNginx(options: NginxOptions): Promise<ReverseProxy> {
  if (binary === undefined)
    throw new Error('nginx is not installed, and these tests need the real one: apt-get install nginx')
  const { prefix } = options
  const socket = join(prefix, 'tls.sock')
  mkdirSync(join(prefix, 'logs'), { recursive: true })
  writeFileSync(join(prefix, 'perdure.conf'), configuration(options, socket))
  writeFileSync(join(prefix, 'nginx.conf'), mainConfiguration(prefix))
  const child = spawn(binary, ['-p', prefix, '-c', join(prefix, 'nginx.conf'), '-e', join(prefix, 'logs/start.log')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
  const deadline = performance.now() + 30_000
  while (!existsSync(socket)) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await end(child, 'SIGKILL')
      throw new Error(`nginx did not start: ${said}${readFileSync(join(prefix, 'logs/start.log'), 'utf8')}`)
    }
    await sleep(10)
  }
  return { socket, prefix, stop: () => end(child) }
}

/** The shipped file, with what it marks as to be changed. */
function configuration({ prefix, ingressSocket, authPort, readTimeout }: NginxOptions, socket: string): string {
  const changes: readonly Change[] = [
    [/server unix:\S+ingress\.sock;.*/, `server unix:${ingressSocket};`],
    [/server 127\.0\.0\.1:4180;.*/, `server 127.0.0.1:${authPort};`],
    [/listen 443 ssl http2;.*/, `listen unix:${socket} ssl http2;`],
    [/server_name api\.example;.*/, 'server_name localhost;'],
    [/ssl_certificate \S+;.*/, `ssl_certificate ${join(fixtures, 'localhost-cert.pem')};`],
    [/ssl_certificate_key \S+;.*/, `ssl_certificate_key ${join(fixtures, 'localhost-key.pem')};`],
    [/access_log \S+ perdure;/, `access_log ${join(prefix, 'logs/perdure.log')} perdure;`],
    [/error_log \S+ crit;/, `error_log ${join(prefix, 'logs/perdure-error.log')} crit;`],
    [/proxy_read_timeout 1h;/, `proxy_read_timeout ${readTimeout ?? '1h'};`],
  ]
  const file = 'deploy/nginx/perdure.conf'
  return withChanges(file, readFileSync(join(root, file), 'utf8'), changes)
}

function mainConfiguration(prefix: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(prefix, 'temp', name)};`)
    .join('\n    ')
  mkdirSync(join(prefix, 'temp'))
  return `daemon off;
# One process, as the user that runs the tests.
master_process off;
pid ${join(prefix, 'nginx.pid')};
events { worker_connections 256; }
http {
    ${temporary}
    include ${join(prefix, 'perdure.conf')};
}
`
}
