import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { end } from '../../../examples/processes.ts'

const root = join(import.meta.dirname, '../../..')
const fixtures = join(root, 'test/registry/fixtures')
const binary = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/bin/nginx'].find((path) => existsSync(path))

export const ca = readFileSync(join(fixtures, 'localhost-cert.pem'), 'utf8')

export interface NginxOptions {
  /** A short path; nginx keeps all its files here. */
  readonly prefix: string
  readonly ingressSocket: string
  /** Port of the authentication service. */
  readonly authPort: number
  /** In place of the hour that a call may take. */
  readonly readTimeout?: string
}

/** nginx with `deploy/nginx/perdure.conf`, listening with TLS on a socket in its directory. */
export interface Nginx {
  readonly socket: string
  readonly prefix: string
  stop(): Promise<void>
}

/** Starts the nginx of this machine, not as root's service but as a plain process; its configuration is the one that is shipped. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
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
  const deadline = performance.now() + 10_000
  while (!existsSync(socket)) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await end(child, 'SIGKILL')
      throw new Error(`nginx did not start: ${said}${readFileSync(join(prefix, 'logs/start.log'), 'utf8')}`)
    }
    await sleep(10)
  }
  return { socket, prefix, stop: () => end(child) }
}

/** The shipped file, with what it marks as to be changed. A line that is not there any more is an error. */
function configuration({ prefix, ingressSocket, authPort, readTimeout }: NginxOptions, socket: string): string {
  const changes: readonly (readonly [line: RegExp, replacement: string])[] = [
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
  let text = readFileSync(join(root, 'deploy/nginx/perdure.conf'), 'utf8')
  for (const [line, replacement] of changes) {
    if (text.match(new RegExp(line, 'g'))?.length !== 1) throw new Error(`deploy/nginx/perdure.conf: not once: ${line}`)
    text = text.replace(line, () => replacement)
  }
  return text
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

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A request over HTTP/1.1 and TLS. `headers` may be names and values in turn, repeated ones too. */
export function ask(
  { socket }: Nginx,
  path: string,
  options: { readonly method?: string; readonly headers?: readonly string[]; readonly body?: string } = {},
): Promise<Answer> {
  const { method = 'POST', headers = [], body } = options
  const length = body === undefined ? [] : ['content-length', String(Buffer.byteLength(body))]
  const request: RequestOptions = {
    socketPath: socket,
    path,
    method,
    ca,
    servername: 'localhost',
    agent: false,
    setHost: false,
    headers: ['host', 'localhost', ...length, ...headers],
  }
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(request, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk) => chunks.push(chunk))
      incoming.on('error', reject)
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      )
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** A TLS connection to nginx, for bytes of one's own. */
export function connectRaw({ socket }: Nginx, protocol: 'h2' | 'http/1.1' = 'http/1.1'): TLSSocket {
  return connectTls({ path: socket, ca, servername: 'localhost', ALPNProtocols: [protocol] })
}
