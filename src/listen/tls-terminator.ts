import { constants } from 'node:crypto'
import { stat } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls'
import type { ListenerTls } from '../config/listener-tls.ts'
import { TlsUnusable } from '../errors/listen.ts'
import type { Logger } from '../telemetry/logger.ts'
import { certificateNames } from './certificate-names.ts'
import { systemCode } from './listen-on.ts'
import { LogThrottle } from './log-throttle.ts'
import { readTlsCredentials, type TlsCredentials } from './tls-credentials.ts'
import type { TlsPeer } from './tls-peers.ts'

export interface TlsTerminatorOptions {
  /** Name of the listener, for the log. */
  readonly listener: string
  readonly tls: ListenerTls
  readonly log: Logger
  /** A handshake has failed. */
  readonly onFailure: () => void
  /** A reload has brought other client authorities: who came in before would perhaps not come in now. */
  readonly onClientsChanged?: () => void
  /** How often the files are looked at, ms. */
  readonly pollIntervalMs?: number
}

/** A handshake that succeeded. `peer` is there when clients must have certificates. */
export type OnSecure = (socket: TLSSocket, peer: TlsPeer | undefined) => void

/** Speaks TLS over sockets that others accepted. What it presents follows the files, without an interruption. */
export class TlsTerminator {
  readonly #options: TlsTerminatorOptions
  readonly #server: Server
  readonly #handshakes = new Map<string, OnSecure>()
  readonly #allowedNames: ReadonlySet<string>
  readonly #failureThrottle = new LogThrottle()
  readonly #nameThrottle = new LogThrottle()
  #certificate: TlsCredentials['certificate']
  #clientCa: SecureContextOptions['ca']
  #seenFiles: string | undefined
  #poll: NodeJS.Timeout | undefined

  /** @throws TlsUnusable */
  constructor(options: TlsTerminatorOptions) {
    this.#options = options
    const { clientNames, clientCaFile } = options.tls
    this.#allowedNames = new Set(clientNames)
    const { context, certificate } = readTlsCredentials(options.tls, this.#table)
    this.#certificate = certificate
    this.#clientCa = context.ca
    const asksForCertificate = clientCaFile !== undefined
    this.#server = createServer({
      ...this.#contextOptions(context),
      ALPNProtocols: ['h2', 'http/1.1'],
      requestCert: asksForCertificate,
      rejectUnauthorized: asksForCertificate,
    })
    this.#server.on('secureConnection', this.#onSecure)
    this.#server.on('tlsClientError', this.#onFailure)
  }

  /** Begins to follow the files. */
  async start(): Promise<void> {
    this.#tell()
    this.#seenFiles = await this.#filesNow()
    const poll = () => void this.#reloadIfChanged()
    this.#poll = setInterval(poll, this.#options.pollIntervalMs ?? 30_000).unref()
  }

  /** Takes a paused socket whose first bytes are unread. `onSecure` is called at most once. */
  accept(socket: Socket, onSecure: OnSecure): void {
    const id = addressesOf(socket)
    if (id === undefined) {
      socket.destroy()
      return
    }
    this.#handshakes.set(id, onSecure)
    socket.once('close', () => {
      if (this.#handshakes.get(id) === onSecure) this.#handshakes.delete(id)
    })
    // Node takes this over to the TLS socket. Who hangs up within the handshake has no use for its answer, and once the
    // end is read nothing more is, not even a reset.
    socket.allowHalfOpen = false
    this.#server.emit('connection', socket)
  }

  /**
   * Reads the files again, for connections to come; those that are open go on as they are, unless the client authorities have changed.
   *
   * @throws TlsUnusable when what is there now cannot be used. Nothing has changed then.
   */
  reload(): void {
    const { context, certificate } = readTlsCredentials(this.#options.tls, this.#table)
    if (isExpired(certificate) && !isExpired(this.#certificate)) {
      throw new TlsUnusable(
        `${this.#table}.cert-file: the certificate in ${this.#options.tls.certFile} expired on ${certificate.validTo}`,
      )
    }
    this.#server.setSecureContext(this.#contextOptions(context))
    this.#certificate = certificate
    this.#tell()
    if (context.ca === this.#clientCa) return
    this.#clientCa = context.ca
    const { listener, log, onClientsChanged } = this.#options
    log.info({ event: 'client-authorities-changed', listener })
    onClientsChanged?.()
  }

  close(): void {
    clearInterval(this.#poll)
    this.#poll = undefined
  }

  get #table(): string {
    return `${this.#options.listener}.tls`
  }

  #contextOptions(context: SecureContextOptions): SecureContextOptions {
    const { SSL_OP_NO_RENEGOTIATION, SSL_OP_NO_TICKET } = constants
    // A resumed session is not verified again: with client certificates, each connection makes a full handshake.
    const noTickets = this.#options.tls.clientCaFile === undefined ? 0 : SSL_OP_NO_TICKET
    return { ...context, minVersion: 'TLSv1.2', secureOptions: SSL_OP_NO_RENEGOTIATION | noTickets }
  }

  #tell(): void {
    const { listener, log } = this.#options
    const { subject, fingerprint256, validTo } = this.#certificate
    const event = { event: 'tls-certificate', listener, subject, fingerprint: fingerprint256, validTo }
    if (isExpired(this.#certificate)) log.warn({ ...event, event: 'tls-certificate-expired' })
    else log.info(event)
  }

  readonly #onSecure = (socket: TLSSocket): void => {
    const id = addressesOf(socket)
    const onSecure = id === undefined ? undefined : this.#handshakes.get(id)
    if (id === undefined || onSecure === undefined) {
      socket.destroy()
      return
    }
    this.#handshakes.delete(id)
    socket.allowHalfOpen = true
    if (this.#options.tls.clientCaFile === undefined) {
      onSecure(socket, undefined)
      return
    }
    const certificate = socket.getPeerX509Certificate()
    // Node has refused those already; a resumed session without a certificate would count as authorized, too.
    if (certificate === undefined || !socket.authorized) {
      socket.destroy()
      return
    }
    onSecure(socket, this.#peerOf(certificateNames(certificate), socket, certificate.subject))
  }

  #peerOf(names: readonly string[], socket: TLSSocket, subject: string): TlsPeer {
    const listed = names.find((name) => this.#allowedNames.has(name))
    if (this.#allowedNames.size === 0 || listed !== undefined) {
      return { name: listed ?? names[0] ?? subject, isAllowed: true }
    }
    if (this.#nameThrottle.allows()) {
      const { listener, log } = this.#options
      log.warn({ event: 'client-name-refused', listener, names, peer: socket.remoteAddress })
    }
    return { name: names[0] ?? subject, isAllowed: false }
  }

  readonly #onFailure = (error: Error, socket: TLSSocket): void => {
    this.#options.onFailure()
    if (!this.#failureThrottle.allows()) return
    // Of a certificate that Node refused, this has the reason; the error only says that the connection ended.
    const refused: unknown = socket.authorizationError
    const reason = typeof refused === 'string' ? refused : systemCode(error)
    const { listener, log } = this.#options
    log.warn({ event: 'tls-handshake-failed', listener, reason, peer: socket.remoteAddress })
  }

  async #reloadIfChanged(): Promise<void> {
    const files = await this.#filesNow()
    if (files === this.#seenFiles || this.#poll === undefined) return
    // A pair that cannot be used is not tried again until something changes.
    this.#seenFiles = files
    const { listener, log } = this.#options
    try {
      this.reload()
    } catch (error) {
      log.error({ event: 'reload-failed', what: `${listener}.tls`, kept: 'what was in use before', err: error })
    }
  }

  /** Tells one state of the files from another. */
  async #filesNow(): Promise<string> {
    const { certFile, keyFile, clientCaFile } = this.#options.tls
    const states = [certFile, keyFile, clientCaFile].map(async (file) => {
      if (file === undefined) return ''
      try {
        const { ino, size, mtimeMs, ctimeMs } = await stat(file)
        return `${ino}:${size}:${mtimeMs}:${ctimeMs}`
      } catch (error) {
        return systemCode(error)
      }
    })
    return (await Promise.all(states)).join(' ')
  }
}

/**
 * What a TLS socket and the socket under it have in common: both ends of the connection, which no other has. Undefined
 * when the client has gone.
 */
function addressesOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string | undefined {
  if (remotePort === undefined || localPort === undefined) return undefined
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
}

function isExpired({ validToDate }: { readonly validToDate: Date }): boolean {
  return validToDate.getTime() < Date.now()
}
