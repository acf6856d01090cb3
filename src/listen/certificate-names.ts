import type { X509Certificate } from 'node:crypto'

/** Kinds of alternative names that name a client; addresses do not. */
const clientKinds: ReadonlySet<string> = new Set(['DNS', 'URI', 'email'])

/**
 * The names of a client certificate: alternative names (DNS in lower case, URI, e-mail) in their order, then the common
 * name.
 */
export function certificateNames(certificate: X509Certificate): readonly string[] {
  const names = alternativeNames(certificate.subjectAltName ?? '')
  const commonName = certificate.toLegacyObject().subject.CN
  // Several are a list in spite of the type; which of them is meant, nobody can tell.
  return typeof commonName === 'string' ? [...names, commonName] : names
}

/**
 * Reads the text that Node makes of the extension: `DNS:a.example, URI:spiffe://b`, with values in which something
 * could be mistaken written as JSON strings.
 */
function alternativeNames(text: string): readonly string[] {
  const names: string[] = []
  for (const [, kind = '', value = ''] of text.matchAll(/(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)/g)) {
    if (!clientKinds.has(kind)) continue
    const name = value.startsWith('"') ? unquoted(value) : value
    if (name !== undefined && name !== '') names.push(kind === 'DNS' ? name.toLowerCase() : name)
  }
  return names
}

function unquoted(value: string): string | undefined {
  try {
    const name: unknown = JSON.parse(value)
    return typeof name === 'string' ? name : undefined
  } catch {
    return undefined
  }
}
