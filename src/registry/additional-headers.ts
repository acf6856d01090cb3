import type { Header } from '../core/journal.ts'
import { RegistrationInvalid } from '../errors/registry.ts'
import { idTokenHeader } from '../gcp/auth.ts'
import { validateHeaderName, validateHeaderValue } from '../platform/node-http.ts'

const maxHeaders = 64
const maxBytes = 16 * 1024

/** Names that the protocol or the transport sets; a second value would change the meaning of a request. */
const reservedNames = new Set([
  'accept',
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The headers of a deployment, names in lower case. Throws `RegistrationInvalid`, without any value in the text. */
export function parseAdditionalHeaders(headers: Readonly<Record<string, string>>): Header[] {
  const parsed = new Map<string, string>()
  let bytes = 0
  for (const [givenName, value] of Object.entries(headers)) {
    const name = checkedName(givenName)
    if (parsed.has(name)) throw invalid(`the header '${name}' is given twice`)
    try {
      validateHeaderValue(name, value)
    } catch {
      throw invalid(`the value of the header '${name}' has characters that a header cannot have`)
    }
    bytes += name.length + value.length
    parsed.set(name, value)
  }
  if (parsed.size > maxHeaders || bytes > maxBytes) {
    throw invalid(`at most ${maxHeaders} headers of ${maxBytes} bytes together are possible`)
  }
  return [...parsed]
}

function checkedName(givenName: string): string {
  try {
    validateHeaderName(givenName)
  } catch {
    throw invalid(`${JSON.stringify(givenName.slice(0, 100))} is not a header name`)
  }
  const name = givenName.toLowerCase()
  if (name === idTokenHeader) {
    throw invalid(
      'X-Serverless-Authorization in additional_headers is not allowed; this header is for ID tokens that the server ' +
        'mints (auth: {"GoogleIdToken": {}}; in the CLI, --gcp-id-token). Place any static bearer on Authorization ' +
        'instead; Cloud Run forwards it to the workload unchanged',
    )
  }
  if (reservedNames.has(name) || name.startsWith('x-restate-')) {
    throw invalid(`the header '${name}' is set by the server itself; leave it out`)
  }
  return name
}

function invalid(reason: string): Error {
  return new RegistrationInvalid(`The request field 'additional_headers' is invalid. Reason: ${reason}.`)
}
