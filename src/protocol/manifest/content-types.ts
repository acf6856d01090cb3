import { ManifestContentType } from '../../errors/protocol.ts'

/** A service may say what requests have to look like: any type, any subtype of one, or exactly one. */
export function checkInputContentType(contentType: string, path: string): void {
  const slash = contentType.indexOf('/')
  const type = contentType.slice(0, slash)
  const subtype = contentType.slice(slash + 1)
  if (slash > 0 && subtype !== '' && (type !== '*' || subtype === '*')) return
  throw new ManifestContentType(
    `${path}: ${JSON.stringify(contentType)} is no content type for input; allowed: */*, type/*, type/subtype`,
  )
}

/** What a response declares goes into a header as it is. */
export function checkOutputContentType(contentType: string, path: string): void {
  if (/^[\t\x20-\x7e]*$/.test(contentType)) return
  throw new ManifestContentType(
    `${path}: ${JSON.stringify(contentType)} cannot be sent in a header; allowed: printable ASCII characters`,
  )
}
