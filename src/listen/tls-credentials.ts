import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { changeabilityOf, exposureOf } from '../config/file-exposure.ts'
import type { ListenerTls } from '../config/listener-tls.ts'
import { TlsUnusable } from '../errors/listen.ts'
import { systemCode } from './listen-on.ts'

/** Certificate, key and client CA as they are in the files now, tried. */
export interface TlsCredentials {
  readonly context: SecureContextOptions
  readonly certificate: X509Certificate
}

const maxFileBytes = 1024 * 1024

/**
 * Reads the files of a listener's TLS and makes sure that they can be used together. The key never shows in an error.
 *
 * @param table configuration table, `ingress.tls`, for errors
 * @throws TlsUnusable
 */
export function readTlsCredentials(files: ListenerTls, table: string): TlsCredentials {
  const { certFile, keyFile, clientCaFile, clientNames } = files
  if (certFile === undefined || keyFile === undefined) {
    throw new TlsUnusable(`${table}: cert-file and key-file belong together; set both, or nothing of ${table}`)
  }
  if (clientNames.length > 0 && clientCaFile === undefined) {
    throw new TlsUnusable(`${table}.client-names has no effect without ${table}.client-ca-file; set both, or neither`)
  }
  const cert = readPem(certFile, `${table}.cert-file`)
  const [certificate] = certificatesIn(cert, certFile, `${table}.cert-file`)
  const key = readPem(keyFile, `${table}.key-file`, exposureOf)
  if (!certificate.checkPrivateKey(privateKeyIn(key, keyFile, table))) {
    throw new TlsUnusable(`${table}: the key in ${keyFile} is not that of the certificate in ${certFile}`)
  }
  const ca = clientCaFile === undefined ? undefined : readCa(clientCaFile, `${table}.client-ca-file`)
  const context: SecureContextOptions = { cert, key, ...(ca !== undefined && { ca }) }
  try {
    createSecureContext(context)
  } catch (error) {
    throw new TlsUnusable(`${table}: ${certFile} and ${keyFile} cannot be used for TLS (${systemCode(error)})`)
  }
  return { context, certificate }
}

function readCa(file: string, key: string): string {
  // Whoever can change it says who comes in.
  const pem = readPem(file, key, changeabilityOf)
  certificatesIn(pem, file, key)
  return pem
}

function readPem(
  file: string,
  key: string,
  exposure: (file: string, stats: Stats) => string | undefined = () => undefined,
): string {
  let exposed: string | undefined
  let pem: string
  try {
    // Mode and content of the same file, whatever happens to the name in between.
    const fd = openSync(file, 'r')
    try {
      const stats = fstatSync(fd)
      exposed = exposure(file, stats)
      pem = stats.isFile() && stats.size <= maxFileBytes ? readFileSync(fd, 'utf8') : ''
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    throw new TlsUnusable(`${key}: ${file} cannot be read (${systemCode(error)})`)
  }
  if (exposed !== undefined) throw new TlsUnusable(`${key}: ${file} is not used: ${exposed}`)
  return pem
}

/** At least one. OpenSSL passes over what it cannot read; a CA file of which nothing is left must not go unseen. */
function certificatesIn(pem: string, file: string, key: string): readonly [X509Certificate, ...X509Certificate[]] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  try {
    const [first, ...rest] = blocks.map((block) => new X509Certificate(block))
    if (first !== undefined) return [first, ...rest]
  } catch {
    // Said below.
  }
  throw new TlsUnusable(`${key}: ${file} does not hold certificates in PEM`)
}

function privateKeyIn(pem: string, file: string, table: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    throw new TlsUnusable(`${table}.key-file: ${file} does not hold a private key in PEM that is not encrypted`)
  }
}
