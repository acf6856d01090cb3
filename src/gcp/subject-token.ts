import type { gaxios } from 'google-auth-library'
import { GcpCredentialsUnusable } from '../errors/gcp.ts'
import { AnswerUnusable } from './answer-unusable.ts'
import type { SubjectTokenSource } from './credential.ts'
import { readCredentialFile } from './credential-file.ts'

/**
 * The token of another provider, read anew for each exchange, because such tokens are short-lived and get replaced. The
 * library would take a file of any size, send on the line end behind a token, and say of a missing file only ENOENT.
 * Rejects with `GcpCredentialsUnusable`, with `AnswerUnusable`, or as the transport does.
 */
export async function subjectTokenOf({ at, jsonField }: SubjectTokenSource, transport: gaxios.Gaxios): Promise<string> {
  if ('file' in at) {
    const text = await readCredentialFile(at.file)
    if (text === undefined) {
      throw new GcpCredentialsUnusable(
        `The file of credential_source, ${at.file}, does not exist. It holds the token that is exchanged: check the ` +
          'path, and that whatever writes the file is running.',
      )
    }
    return tokenIn(text, jsonField, `the file of credential_source, ${at.file},`)
  }
  const { data } = await transport.request<string>({ url: at.url, headers: at.headers, responseType: 'text' })
  return tokenIn(data, jsonField, 'the answer of the url of credential_source')
}

function tokenIn(text: string, jsonField: string | undefined, where: string): string {
  const token = jsonField === undefined ? text.trim() : fieldOf(text, jsonField, where)
  if (token === '') throw new AnswerUnusable(`${where} holds no token`)
  return token
}

function fieldOf(text: string, name: string, where: string): string {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw new AnswerUnusable(`${where} is not JSON, which format of credential_source says it is`)
  }
  const fields = typeof document === 'object' && document !== null ? { ...document } : {}
  const value: unknown = Reflect.get(fields, name)
  if (typeof value === 'string') return value
  throw new AnswerUnusable(`${where} has no field ${name}, which subject_token_field_name says holds the token`)
}
