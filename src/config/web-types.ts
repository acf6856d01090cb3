import { HEADER_NAME, isReservedHeader, isTransportHeader } from './header-names.ts'
import { accepted, refused, textual, type ValueType } from './value-type.ts'

/** One header of a request, in lower case, that belongs neither to the connection nor to the server. */
export const requestHeaderName: ValueType<string> = textual({
  name: 'header name',
  allowed: 'the name of a header, such as "x-caller-id"',
  jsonSchema: { type: 'string', minLength: 1 },
  parseText: (raw) => {
    const name = raw.toLowerCase()
    if (!HEADER_NAME.test(name)) return refused('it is not a header name')
    if (isReservedHeader(name)) return refused('x-restate-* headers are the server’s own')
    return isTransportHeader(name) ? refused('this header belongs to the connection') : accepted(name)
  },
  formatText: (value) => value,
})

/** Where public keys are fetched: over TLS, or in clear text from this machine. */
export const jwksUrl: ValueType<string> = textual({
  name: 'URL',
  allowed: 'an https:// URL, or an http:// one of this machine',
  jsonSchema: { type: 'string', pattern: '^https?://' },
  parseText: (raw) => {
    if (!/^https?:\/\//.test(raw) || !URL.canParse(raw)) return refused('it is not such a URL')
    const url = new URL(raw)
    if (url.username !== '' || url.password !== '') return refused('it carries a user name or password')
    if (url.protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)) {
      return refused('keys that come in clear text from another machine can be anybody’s: use https')
    }
    return accepted(raw)
  },
  formatText: (value) => value,
})
