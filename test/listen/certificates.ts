import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A certificate and its key in files. */
export interface Pair {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

/** What a certificate says: `subjectAltName` as openssl takes it, `DNS:a.example,URI:spiffe://b`. */
export interface CertificateFacts {
  readonly commonName: string
  readonly subjectAltName?: string
  readonly usage?: 'serverAuth' | 'clientAuth'
  /** For how long from now; negative: expired. */
  readonly days?: number
}

/** A certificate authority in a directory, which the openssl command makes. */
export class TestAuthority {
  readonly certFile: string
  readonly cert: string
  readonly #directory: string
  readonly #name: string
  #issued = 0

  constructor(directory: string, name = 'ca') {
    this.#directory = directory
    this.#name = name
    this.certFile = join(directory, `${name}.pem`)
    openssl(['req', '-x509', ...newKey(join(directory, `${name}.key`)), '-out', this.certFile, '-subj', `/CN=${name}`])
    this.cert = readFileSync(this.certFile, 'utf8')
  }

  /** A pair for this host, for servers. */
  server(facts: Partial<CertificateFacts> = {}): Pair {
    const name = { commonName: 'localhost', subjectAltName: 'DNS:localhost,IP:127.0.0.1' }
    return this.issue({ ...name, usage: 'serverAuth', ...facts })
  }

  client(facts: CertificateFacts): Pair {
    return this.issue({ usage: 'clientAuth', ...facts })
  }

  issue({ commonName, subjectAltName, usage, days = 2 }: CertificateFacts): Pair {
    const at = join(this.#directory, `${this.#name}-${++this.#issued}`)
    const ca = join(this.#directory, this.#name)
    const [certFile, keyFile, requestFile] = [`${at}.pem`, `${at}.key`, `${at}.csr`]
    const extensions = [
      'basicConstraints=critical,CA:false',
      ...(subjectAltName === undefined ? [] : [`subjectAltName=${subjectAltName}`]),
      ...(usage === undefined ? [] : [`extendedKeyUsage=${usage}`]),
    ]
    openssl([
      ...['req', '-new', ...newKey(keyFile), '-out', requestFile, '-subj', `/CN=${commonName}`],
      ...extensions.flatMap((extension) => ['-addext', extension]),
    ])
    openssl([
      ...['x509', '-req', '-in', requestFile, '-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial'],
      ...['-days', String(days), '-copy_extensions', 'copy', '-out', certFile],
    ])
    return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
  }
}

/** Puts one pair in the place of another, as a renewal does. */
export function replacePair(at: Pair, by: Pair): void {
  writeFileSync(at.certFile, by.cert)
  writeFileSync(at.keyFile, by.key)
}

function newKey(file: string): readonly string[] {
  return ['-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-keyout', file]
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
