import { gzipSync } from 'node:zlib'
import { likeThePeer } from '../../passes.ts'
import { answersTo, type Header, http1, post, type Request, request } from '../../requests.ts'
import { theme } from '../../scenario.ts'

interface Body {
  readonly type?: string
  readonly bytes?: string | Buffer
}

const ofType = (type: string, bytes: string | Buffer = 'x'): Body => ({ type, bytes })

const bodies: Readonly<Record<string, Body>> = {
  JSON: ofType('application/json', '{"a":1}'),
  'JSON that the schema forbids': ofType('application/json', '{"b":1}'),
  'no JSON, as JSON': ofType('application/json', '{bad'),
  'nothing, as JSON': ofType('application/json', ''),
  nothing: {},
  'nothing, as nothing': { bytes: '' },
  'something, as nothing': { bytes: '{}' },
  text: ofType('text/plain'),
  'text with parameters': ofType('text/plain; charset=utf-8'),
  'JSON with parameters': ofType('application/json; charset=utf-8', '{}'),
  'JSON in capitals': ofType('Application/JSON', '{}'),
  'JSON among spaces': ofType('  application/json  ; a=b', '{}'),
  'a kind of JSON': ofType('application/vnd.api+json', '{}'),
  'an empty type': ofType('', '{}'),
  'a type without a slash': ofType('json', '{}'),
  'a type that is all': ofType('*/*', '{}'),
  bytes: ofType('application/octet-stream', Buffer.from([0, 255, 10, 13])),
  'a form': ofType('application/x-www-form-urlencoded', 'a=1'),
}

function rowsOf(handler: string): Record<string, Request> {
  const row = ({ type, bytes }: Body) => {
    const one = request('POST', `/{Wire}/${handler}`, type === undefined ? [] : [['content-type', type]], bytes)
    // HTTP/2 forbids spaces around values; Node passes over a header that has them.
    return type?.trim() === type ? one : http1(one)
  }
  return Object.fromEntries(Object.entries(bodies).map(([name, body]) => [name, row(body)]))
}

const inputs = {
  'that is not declared': 'inputUndeclared',
  'of nothing': 'inputNone',
  'of optional JSON': 'inputOptionalJson',
  'of required JSON': 'inputRequiredJson',
  'of optional JSON with a schema': 'inputOptionalSchema',
  'of required JSON with a schema': 'inputRequiredSchema',
  'of required anything': 'inputRequiredAny',
  'that is required, without a type': 'inputRequiredNothing',
  'of any text': 'inputText',
  'of a type with parameters': 'inputParameters',
}

const outputs = ['outputUndeclared', 'outputNone', 'outputPng', 'outputPngAlways', 'outputParameters', 'outputSchema']

/** What handlers take and give, by what their manifests declare. */
export const contents = theme('requests', likeThePeer, {
  ...Object.fromEntries(
    Object.entries(inputs).map(([name, handler]) => [`an input ${name}`, (c) => answersTo(c, rowsOf(handler))]),
  ),
  'outputs of all kinds': (c) =>
    answersTo(
      c,
      Object.fromEntries(
        outputs.flatMap((handler) => [
          [
            `${handler}, bytes`,
            request('POST', `/{Wire}/${handler}`, [['content-type', 'a/b']], Buffer.from([0, 255])),
          ],
          [`${handler}, JSON`, post(`/{Wire}/${handler}`, { a: 1 })],
          [`${handler}, nothing`, request('POST', `/{Wire}/${handler}`, [['content-type', 'a/b']], '')],
        ]),
      ),
    ),
  'the types of the SDK': (c) => {
    const octets: Header = ['content-type', 'application/octet-stream']
    return answersTo(c, {
      'bytes there and back': request('POST', '/{Raw}/bytes', [octets], Buffer.from([0, 1, 254, 255])),
      'no bytes': request('POST', '/{Raw}/bytes', [octets], ''),
      'text where bytes are taken': request('POST', '/{Raw}/bytes', [['content-type', 'text/plain']], 'x'),
      'text of any kind': request('POST', '/{Raw}/text', [['content-type', 'text/csv']], 'a,b'),
      'no text': request('POST', '/{Raw}/text', [octets], 'x'),
      'nothing in and out': request('POST', '/{Raw}/nothing'),
      'something where nothing is taken': post('/{Raw}/nothing', 1),
      null: post('/{Raw}/json', null),
      undefined: request('POST', '/{Raw}/json', [['content-type', 'application/json']], ''),
      'text beyond ASCII': post('/{Raw}/json', 'schön 🎈'),
      'compressed, which nobody takes apart': request(
        'POST',
        '/{Raw}/bytes',
        [octets, ['content-encoding', 'gzip']],
        Buffer.from(gzipSync('packed', { level: 9 })),
      ),
      'a large result is not compressed': post('/{Raw}/letters', 20_000, [['accept-encoding', 'gzip, br, zstd']]),
      'what is accepted does not matter': post('/{Raw}/json', 1, [['accept', 'text/html']]),
      'nor do conditions and ranges': post(
        '/{Raw}/json',
        [1, 2, 3],
        [
          ['range', 'bytes=0-1'],
          ['if-none-match', '*'],
        ],
      ),
      'the type, twice': request(
        'POST',
        '/{Raw}/json',
        [
          ['content-type', 'application/json'],
          ['content-type', 'text/plain'],
        ],
        '1',
      ),
    })
  },
})
