import t from 'tap'
import { RegistrationInvalid } from '../../src/errors/registry.ts'
import { parseAdditionalHeaders } from '../../src/registry/additional-headers.ts'

t.test('names become lower case', async (t) => {
  t.same(parseAdditionalHeaders({ 'X-Key': '1', Authorization: 'Bearer a' }), [
    ['x-key', '1'],
    ['authorization', 'Bearer a'],
  ])
})

t.test('attack 32: what is refused', async (t) => {
  const refused: [Record<string, string>, RegExp][] = [
    [{ 'X-Restate-Id': '1' }, /'x-restate-id' is set by the server/],
    [{ Accept: 'text/html' }, /'accept'/],
    [{ 'content-type': 'a/b' }, /'content-type'/],
    [{ 'Transfer-Encoding': 'chunked' }, /'transfer-encoding'/],
    [{ host: 'h' }, /'host'/],
    [{ 'X-Serverless-Authorization': 'Bearer a' }, /X-Serverless-Authorization in additional_headers is not allowed/],
    [{ 'a b': '1' }, /"a b" is not a header name/],
    [{ ':path': '/' }, /is not a header name/],
    [{ '': '1' }, /is not a header name/],
    [{ 'x-a': 'one\r\nx-b: two' }, /value of the header 'x-a'/],
    [{ 'x-a': '1', 'X-A': '2' }, /given twice/],
    [{ 'x-a': 'v'.repeat(17_000) }, /at most/],
    [Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`x-${i}`, ''])), /at most/],
  ]
  for (const [headers, message] of refused) {
    t.throws(() => parseAdditionalHeaders(headers), { code: RegistrationInvalid.definition.code, message })
  }
})

t.test('no value is in an error', async (t) => {
  t.throws(() => parseAdditionalHeaders({ 'x-key': 'hunter2\n' }), { message: /^(?!.*hunter2)/s })
})
