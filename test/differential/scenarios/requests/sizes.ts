import { likeThePeer } from '../../passes.ts'
import { answersTo, get, http1, post, request } from '../../requests.ts'
import { theme } from '../../scenario.ts'

const mebibyte = 1024 * 1024
const limit = 32 * mebibyte
const spaces = (length: number) => Buffer.alloc(length, 0x20)
const octets = [['content-type', 'application/octet-stream']] as const

/** Bodies at the limit, and over it. They are sent to run tomorrow: that they are taken is enough. */
export const sizes = theme('requests', likeThePeer, {
  'bodies at the limit': (c) =>
    answersTo(c, {
      'at the limit': http1(request('POST', '/{Raw}/bytes/send?delay=1d', octets, spaces(limit))),
      'one byte over it': http1(request('POST', '/{Raw}/bytes/send?delay=1d', octets, spaces(limit + 1))),
      'far over it, at a path that is none': http1(request('POST', '/', octets, spaces(limit + 1))),
      'far over it, wrong method': http1(request('PUT', '/{Raw}/bytes', octets, spaces(limit + 1))),
    }),
  'a body that comes in pieces, over the limit': (c) =>
    answersTo(c, {
      pieces: http1(request('POST', '/{Raw}/bytes', [...octets, ['transfer-encoding', 'chunked']], spaces(limit + 1))),
    }),
  'bodies in pieces': (c) =>
    answersTo(c, {
      small: http1(post('/{Raw}/json', 1, [['transfer-encoding', 'chunked']])),
      empty: http1(request('POST', '/{Raw}/nothing', [['transfer-encoding', 'chunked']], '')),
    }),
  'long paths': (c) =>
    answersTo(c, {
      'a long key': http1(post(`/{Object}/${'k'.repeat(10_000)}/look`, [['value', 1]])),
      'a long query': http1(get(`/restate/attach?${'q'.repeat(12_000)}`)),
    }),
})
