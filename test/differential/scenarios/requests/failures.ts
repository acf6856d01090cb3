import { likeThePeer } from '../../passes.ts'
import { answersTo, http1, post, type Request, request } from '../../requests.ts'
import { theme } from '../../scenario.ts'
import type { Json } from '../../service/program.ts'

const run = (...program: Json[]): Request => post('/{Script}/run', program)

const codes = [
  200, 201, 205, 299, 301, 302, 307, 400, 401, 403, 404, 405, 407, 408, 409, 410, 411, 412, 413, 415, 417, 418, 421,
  422, 426, 429, 431, 451, 470, 499, 500, 501, 502, 503, 504, 571, 599,
]
const beyond599 = [600, 799, 999]
/** With 204 and 304 over HTTP/2, the official server sends a body, and so no answer. */
const withHttp1 = [204, 304]
const noStatuses = [1000, 65_535]

const failing = (code: number) => run(['fail', code, `code ${code}`])

/** How handlers fail, and what their callers are told. */
export const failures = theme('requests', likeThePeer, {
  'codes of terminal errors': (c) =>
    answersTo(c, {
      ...Object.fromEntries([...codes, ...beyond599, ...noStatuses].map((code) => [code, failing(code)])),
      ...Object.fromEntries(withHttp1.map((code) => [code, http1(failing(code))])),
    }),
  'texts of terminal errors': (c) =>
    answersTo(c, {
      empty: run(['fail', 400, '']),
      long: run(['fail', 400, 'x'.repeat(3000)]),
      'beyond ASCII': run(['fail', 400, 'schön 🎈']),
      'quotes and lines': run(['fail', 400, '"a"\r\n\tb\u0000']),
      metadata: run(['fail', 400, 'no', { a: 'b', 'c d': 'schön', '': '' }]),
      'no metadata': run(['fail', 400, 'no', {}]),
    }),
  'failures on the way': (c) =>
    answersTo(c, {
      'of a step': run(['runTerminal', 'step', 422, 'step', { a: 'b' }]),
      'of a call': run(['call', 'Script/run', [['fail', 409, 'taken', { by: 'Ada' }]]]),
      'of a call that is caught': run(['catch', [['call', 'Script/run', [['fail', 409, 'taken']]]]]),
      'of nothing at all': run(),
      'of an attempt': run(['crash', 2, 'again'], ['value', 1]),
      'of an attempt that says when to come back': run(['retryAfter', 1, 50], ['value', 1]),
      'of all attempts, then killed': post('/{Limited}/kill', [['crash', 9, 'for ever']]),
      'of what is not JSON': request('POST', '/{Raw}/json', [['content-type', 'application/json']], '{bad'),
    }),
})
