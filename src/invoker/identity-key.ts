import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { exposureOf } from '../config/file-exposure.ts'
import { IdentityKeyInvalid } from '../errors/invoker.ts'
import { base58 } from './base58.ts'

/** A key that requests to services are signed with. */
export interface IdentityKey {
  readonly privateKey: KeyObject
  /** `publickeyv1_` and the base58 of the raw key: what services are given to verify requests with. */
  readonly publicKey: string
}

const maxBytes = 16 * 1024

/**
 * Reads a key file: one Ed25519 private key in PKCS #8, PEM, that nobody else can read. Throws
 * PERDURE_ERR_INVOKER_IDENTITY_KEY_INVALID; the key never shows in an error.
 */
export function readIdentityKey(file: string): IdentityKey {
  const pem = readPrivateFile(file)
  if (pem.match(/-----BEGIN /g)?.length !== 1 || !pem.includes('-----BEGIN PRIVATE KEY-----')) {
    throw new IdentityKeyInvalid(`${file} does not hold one private key in PEM (PKCS #8) and nothing else. ${howTo}`)
  }
  let privateKey: KeyObject
  try {
    privateKey = createPrivateKey(pem)
  } catch {
    throw new IdentityKeyInvalid(`${file} cannot be read as a private key. ${howTo}`)
  }
  if (privateKey.asymmetricKeyType !== 'ed25519') {
    throw new IdentityKeyInvalid(`${file} holds a key of type ${privateKey.asymmetricKeyType}. ${howTo}`)
  }
  return { privateKey, publicKey: publicKeyOf(privateKey) }
}

/**
 * Makes a key and writes it into a new file that only its owner may read. Throws PERDURE_ERR_INVOKER_IDENTITY_KEY_INVALID when
 * there is a file already: a key that services trust is not easily had back.
 */
export function writeNewIdentityKey(file: string): IdentityKey {
  const { privateKey } = generateKeyPairSync('ed25519')
  let fd: number
  try {
    fd = openSync(file, 'wx', 0o600)
  } catch (error) {
    const code = codeOf(error)
    const reason =
      code === 'EEXIST' ? 'there is a file already, and it is not overwritten' : `it cannot be made (${code})`
    throw new IdentityKeyInvalid(`no key was written to ${file}: ${reason}. Name another file.`)
  }
  try {
    writeFileSync(fd, privateKey.export({ format: 'pem', type: 'pkcs8' }))
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  return { privateKey, publicKey: publicKeyOf(privateKey) }
}

/** Mode and content of the same file, whatever happens to the name in between. */
function readPrivateFile(file: string): string {
  let exposure: string | undefined
  let pem: string
  try {
    const fd = openSync(file, 'r')
    try {
      const stats = fstatSync(fd)
      const isKeySized = stats.isFile() && stats.size <= maxBytes
      exposure = stats.isFile() ? exposureOf(file, stats) : undefined
      pem = isKeySized ? readFileSync(fd, 'utf8') : ''
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    throw new IdentityKeyInvalid(`${file} cannot be read (${codeOf(error)}). ${howTo}`)
  }
  if (exposure !== undefined) throw new IdentityKeyInvalid(`${file} is not used: ${exposure}.`)
  return pem
}

const howTo = 'Make a key with: perdure identity generate <file>'

function publicKeyOf(privateKey: KeyObject): string {
  // The last 32 bytes of an SPKI-encoded ed25519 key are the key itself (RFC 8410).
  const raw = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32)
  return `publickeyv1_${base58(raw)}`
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
}
