import t from 'tap'
import { forwardedHeaders } from '../../src/admin/forwarded-headers.ts'

const none: ReadonlySet<string> = new Set()

t.test('order, case and repetitions stay', async (t) => {
  const headers = ['Host', 'h', 'X-A', '1', 'x-a', '2', 'Cookie', 'a=1', 'cookie', 'b=2', 'content-length', '3']
  t.strictSame(forwardedHeaders(headers, none), headers)
})

t.test('headers of the hop, and those that it names, do not', async (t) => {
  const hop = ['Connection', 'close, X-Mine', 'Keep-Alive', 't=1', 'TE', 'trailers', 'Transfer-Encoding', 'chunked']
  const more = [
    'Upgrade',
    'h2c',
    'http2-settings',
    'x',
    'Proxy-Authorization',
    'p',
    'Expect',
    '100-continue',
    'x-mine',
    '1',
  ]
  t.strictSame(forwardedHeaders([...hop, ...more, 'x-other', '2'], none), ['x-other', '2'])
})

t.test('a sender cannot have the host or the length taken away', async (t) => {
  const headers = ['host', 'h', 'content-length', '3']
  t.strictSame(forwardedHeaders(['connection', 'host, content-length', ...headers], none), headers)
})

t.test('the authority of HTTP/2 becomes Host, where there is none', async (t) => {
  const pseudo = [':method', 'GET', ':path', '/', ':authority', 'a', ':scheme', 'http']
  t.strictSame(forwardedHeaders([...pseudo, 'x', '1'], none), ['host', 'a', 'x', '1'])
  t.strictSame(forwardedHeaders([...pseudo, 'host', 'a'], none), ['host', 'a'])
})

t.test('what is kept back stays, however it is written', async (t) => {
  const headers = ['Authorization', 'a', 'authorization', 'b', 'x-api-key', 'c']
  t.strictSame(forwardedHeaders(headers, new Set(['authorization'])), ['x-api-key', 'c'])
})
