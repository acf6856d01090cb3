import { atIngress } from '../../passes.ts'
import { answersTo, type Header, http1, post, request } from '../../requests.ts'
import { theme } from '../../scenario.ts'

const origin = (value: string): Header => ['origin', value]
const asks = (method: string, ...names: string[]): Header[] => [
  ['access-control-request-method', method],
  ...(names.length === 0 ? [] : [['access-control-request-headers', names.join(', ')] as const]),
]

/** What requests carry beside method, path and body. */
export const requestHeaders = theme('requests', atIngress, {
  'headers that change nothing': (c) => {
    const call = (...headers: Header[]) => post('/{Raw}/json', 1, headers)
    return answersTo(c, {
      'a good trace': call(['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01']),
      'a bad trace': call(['traceparent', 'x']),
      'expect more': http1(call(['expect', '100-continue'])),
      'trailers welcome': call(['te', 'trailers']),
      'an upgrade': http1(
        call(['upgrade', 'h2c'], ['connection', 'upgrade, http2-settings'], ['http2-settings', 'AAMAAABkAAQAAP__']),
      ),
      'forwarded for': call(['x-forwarded-for', '1.2.3.4'], ['forwarded', 'for=1.2.3.4']),
      'an empty value': call(['x-empty', '']),
      'a long value': call(['x-long', 'v'.repeat(7000)]),
      'many headers': call(...Array.from({ length: 80 }, (_, index): Header => [`x-${index}`, 'v'])),
      'a tab in a value': http1(call(['accept-language', 'de\ten'])),
      cookies: call(['cookie', 'a=1'], ['cookie', 'b=2']),
      'an id': call(['x-restate-id', 'inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz']),
      'an error source': call(['x-restate-error-source', 'invocation']),
      'another method': call(['x-http-method-override', 'DELETE']),
    })
  },
  'headers that handlers get': (c) => {
    const look = (...headers: Header[]) => post('/{Script}/run', [['headers']], headers)
    return answersTo(c, {
      none: http1(look()),
      known: http1(look(['accept', 'a/b'], ['User-Agent', 'test'], ['X-Request-Id', '7'], ['accept-language', 'de'])),
      'the path of a send': http1(post('/restate/call/{Script}/run', [['header', 'x-restate-ingress-path']])),
      'slashes in the path': http1(post('//{Script}/run//', [['header', 'x-restate-ingress-path']])),
      'a key in the path': http1(post('/{Object}/a%2Fb/look', [['header', 'x-restate-ingress-path']])),
      'beyond ASCII, kept': http1(look(['accept-language', 'sch\u00f6n'])),
    })
  },
  'cross-origin requests': (c) =>
    answersTo(c, {
      call: post('/{Raw}/json', 1, [origin('http://elsewhere.example')]),
      'call of nobody': post('/Nobody/run', 1, [origin('http://elsewhere.example')]),
      'call from nowhere': post('/{Raw}/json', 1, [origin('null')]),
      'call from no origin': post('/{Raw}/json', 1, [origin('')]),
      lookup: post('/restate/lookup', { target: 'workflow', workflowName: 'a', workflowKey: 'b' }, [
        origin('http://a'),
      ]),
      preflight: request('OPTIONS', '/{Raw}/json', [origin('http://a'), ...asks('POST', 'content-type')]),
      'preflight of a wrong method': request('OPTIONS', '/{Raw}/json', [
        origin('http://a'),
        ...asks('PUT', 'x-a', 'X-B'),
      ]),
      'preflight of a path that is none': request('OPTIONS', '/', [origin('http://a'), ...asks('POST')]),
      'preflight of health': request('OPTIONS', '/restate/health', [origin('null'), ...asks('GET')]),
      'OPTIONS alone': request('OPTIONS', '/{Raw}/json'),
      'OPTIONS of nobody': request('OPTIONS', '/Nobody/run', [origin('http://a')]),
      'OPTIONS without an origin': request('OPTIONS', '/{Raw}/json', asks('POST')),
    }),
})
