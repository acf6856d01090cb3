import { readFile, stat } from 'node:fs/promises'
import { GcpCredentialsUnusable } from '../errors/gcp.ts'

const maxFileBytes = 256 * 1024

/** The text of a small file; `undefined` if there is none. Rejects with `GcpCredentialsUnusable`. */
export async function readCredentialFile(path: string): Promise<string | undefined> {
  try {
    // A pipe would hold up the reading thread for ever.
    const stats = await stat(path)
    if (!stats.isFile()) throw new GcpCredentialsUnusable(`${path} is not a file.`)
    if (stats.size > maxFileBytes) throw new GcpCredentialsUnusable(`${path} is too large for a credential file.`)
    return await readFile(path, 'utf8')
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    if (error instanceof GcpCredentialsUnusable) throw error
    throw new GcpCredentialsUnusable(`${path} cannot be read (${error.code}). Check its owner and permissions.`)
  }
}
