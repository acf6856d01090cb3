import { atIngress } from '../passes.ts'
import { theme } from '../scenario.ts'

export const ingress = theme('ingress', atIngress, {
  'unknown service': (c) => c.call('Nobody/run', 1),
  'unknown handler': (c) => c.call('Script/jump', 1),
  'unknown handler of a private service': (c) => c.call('Private/jump', 1),
  'private service': (c) => c.run('Private/run', []),
  'private service by send': (c) => c.send('Private/run', []),
  'private handler': (c) => c.run('Script/secret', []),
  'an object without its key': (c) => c.call('Object/run', []),
  'a service with a key': (c) => c.call(`Script/${c.key}/run`, []),
  'wrong content type': (c) => c.call('Script/run', { type: 'text/plain', bytes: Buffer.from('x') }),
  'content type in capitals': (c) => c.call('Script/run', { type: 'Application/JSON', bytes: Buffer.from('[]') }),
  'content type with parameters': (c) =>
    c.call('Script/run', { type: 'application/json; charset=utf-8', bytes: Buffer.from('[]') }),
  'wrong method': (c) => c.call('Script/run', [], { method: 'PUT' }),
  'wrong method at an unknown service': (c) => c.call('Nobody/run', 1, { method: 'DELETE' }),
  'paths that are none': async (c) => ({
    root: await c.ingress('GET', '/'),
    one: await c.ingress('POST', '/Script', []),
    long: await c.ingress('POST', '/a/b/c/d/e/f/g/h', []),
    verb: await c.ingress('POST', '/restate/jump', []),
    openapi: await c.ingress('GET', '/openapi/x'),
    afterSend: await c.ingress('POST', '/Script/run/send/more', []),
  }),
  'slashes too many': async (c) => ({
    twice: await c.ingress('POST', '//{Raw}/json', 1),
    behind: await c.ingress('POST', '/{Raw}/json//', 1),
    between: await c.ingress('POST', '/{Raw}//json', 1),
  }),
  'keys in the path': async (c) => ({
    escaped: await c.ingress('POST', '/{Object}/a%2Fb%20c%3F/look', [['target']]),
    plus: await c.ingress('POST', '/{Object}/a+b/look', [['target']]),
    umlaut: await c.ingress('POST', '/{Object}/sch%C3%B6n/look', [['target']]),
    dots: await c.ingress('POST', '/{Object}/../look', [['target']]),
    notUtf8: await c.ingress('POST', '/{Object}/%FF/look', [['target']]),
    noEscape: await c.ingress('POST', '/{Object}/%zz/look', [['target']]),
    empty: (await c.ingress('POST', '/{Object}//look', [['value', 1]])).status,
  }),
  'unknown query parameters are passed over': (c) => c.call('Raw/json', 1, { query: 'a=b' }),
  'a call cannot be delayed': (c) => c.call('Raw/json', 1, { query: 'delay=1s' }),
  'scopes need a feature': (c) => c.ingress('POST', '/restate/scope/a/call/{Raw}/json', 1),
  'limit keys need a scope': (c) => c.call('Raw/json', 1, { headers: [['x-restate-limit-key', 'a']] }),
  health: async (c) => {
    const { status, body } = await c.ingress('GET', '/restate/health')
    return {
      status,
      hasServices: typeof body === 'object' && body !== null && 'services' in body,
      post: await c.ingress('POST', '/restate/health'),
    }
  },
  'bad ids': async (c) => ({
    attach: await c.attach('inv_1'),
    output: await c.output('nothing'),
    otherKind: await c.output('dp_1rc6TNYO6EYNQ1x4EEKTKVC'),
    awakeable: await c.resolve('sign_1x', 1),
    awakeableWord: await c.reject('x', 'no'),
  }),
  'unknown invocations': async (c) => {
    const unknown = 'inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz'
    return { attach: await c.attach(unknown), output: await c.output(unknown) }
  },
  'targets that cannot be read': async (c) => ({
    broken: await c.ingress('POST', '/restate/lookup', { type: 'application/json', bytes: Buffer.from('{') }),
    empty: await c.ingress('POST', '/restate/attach', { type: 'application/json', bytes: Buffer.alloc(0) }),
    incomplete: await c.ingress('POST', '/restate/output', { target: 'workflow' }),
  }),
  'headers that reach the handler': (c) =>
    c.run('Script/run', [['headers']], {
      headers: [
        ['accept', 'application/json'],
        ['user-agent', 'test'],
        ['x-request-id', '7'],
        ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
      ],
    }),
  'custom headers': (c) => c.run('Script/run', [['header', 'x-tenant']], { headers: [['x-tenant', 'blue']] }),
  credentials: (c) =>
    c.run(
      'Script/run',
      [
        ['header', 'authorization'],
        ['header', 'cookie'],
      ],
      {
        headers: [
          ['authorization', 'Bearer secret'],
          ['cookie', 'session=secret'],
        ],
      },
    ),
  'a repeated header': (c) =>
    c.run('Script/run', [['header', 'accept-language']], {
      headers: [
        ['accept-language', 'de'],
        ['accept-language', 'fr'],
      ],
    }),
  'the query string': (c) => c.run('Script/run', [['header', 'x-restate-ingress-path']], { query: 'token=secret' }),
  'a forged header of the server': (c) =>
    c.run('Script/run', [['header', 'x-restate-ingress-path']], { headers: [['x-restate-ingress-path', '/forged']] }),
  'a header beyond ASCII': (c) => c.run('Script/run', [], { headers: [['accept-language', 'sch\u00f6n']] }),
  'cross-origin requests': async (c) => {
    const asked = await c.ingressExchange('POST', '/{Raw}/json', 1, {
      headers: [['origin', 'http://elsewhere.example']],
    })
    const preflight = await c.ingressExchange('OPTIONS', '/{Raw}/json', undefined, {
      headers: [
        ['origin', 'http://elsewhere.example'],
        ['access-control-request-method', 'POST'],
      ],
    })
    return {
      status: asked.status,
      origin: asked.headers['access-control-allow-origin'] ?? null,
      credentials: asked.headers['access-control-allow-credentials'] ?? null,
      preflightOrigin: preflight.headers['access-control-allow-origin'] ?? null,
    }
  },
})
