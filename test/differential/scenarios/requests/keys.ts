import { likeThePeer } from '../../passes.ts'
import { answersTo, get, post, type Request, request } from '../../requests.ts'
import { theme } from '../../scenario.ts'

/** As they stand in a path. */
const keys: readonly string[] = [
  '',
  'plain',
  'a%20b',
  'a+b',
  'a%2Bb',
  'a%2Fb',
  'a%2fb',
  '%2F',
  '..%2f..%2fadmin',
  '.',
  '..',
  '%2e%2e',
  'a%00b',
  'a%0Ab',
  'a%3Fb',
  'a%23b',
  'a%25b',
  'a%252Fb',
  'a%zzb',
  'a%',
  'a%4',
  '%%41',
  'a;b=c',
  'a&b=c',
  'a:b@c',
  "a'b",
  'sch%C3%B6n',
  '%F0%9F%8E%88',
  '%EF%BB%BFbom',
  '%ff',
  'a%C3',
  '%C0%AF',
  '%ED%A0%80',
  '%F5%80%80%80',
  'send',
  "x'%3B%20DROP%20TABLE%20invocation%3B--",
  'k'.repeat(8000),
]

const rowsOf = (row: (key: string) => Request): Record<string, Request> =>
  Object.fromEntries(keys.map((key) => [`"${key.slice(0, 40)}"`, row(key)]))

/** Every form of a key, everywhere where a path has one. */
export const keysInPaths = theme('requests', likeThePeer, {
  'keys of calls': (c) =>
    answersTo(
      c,
      rowsOf((key) => post(`/{Object}/${key}/look`, [['target']])),
    ),
  'keys of newer calls': (c) =>
    answersTo(
      c,
      rowsOf((key) => post(`/restate/call/{Object}/${key}/look`, [['target']])),
    ),
  'keys of sends': (c) =>
    answersTo(
      c,
      rowsOf((key) => post(`/{Object}/${c.key}${key}/look/send`, [['target']])),
    ),
  'keys of workflows': (c) =>
    answersTo(c, {
      ...rowsOf((key) => get(`/restate/workflow/{Flow}/${key}/output`)),
      'an escaped name': get('/restate/workflow/Fl%6Fw/k/output'),
    }),
  'keys of idempotent invocations': (c) =>
    answersTo(
      c,
      rowsOf((key) => get(`/restate/invocation/{Object}/${key}/run/${c.key}/output`)),
    ),
  'keys that are not escaped': (c) =>
    answersTo(c, {
      quotes: post('/{Object}/"a"/look', [['target']]),
      braces: post('/{Object}/{"a":1}/look', [['target']]),
      pipe: post('/{Object}/a|b/look', [['target']]),
      backslash: post('/{Object}/a\\b/look', [['target']]),
      'with a fragment': request('POST', '/{Object}/a#b/look', [['content-type', 'application/json']], '[["target"]]'),
    }),
  'keys come out as they went in': async (c) => {
    const looked: Record<string, unknown> = {}
    for (const key of ['a/b', 'ä b', '100%', '?#&', '..', '']) {
      await c.ingress('POST', `/{Object}/${encodeURIComponent(`${c.key}${key}`)}/run`, [['set', 'kept', key]])
      looked[key] = await c.ingress('POST', `/{Object}/${encodeURIComponent(`${c.key}${key}`)}/look`, [['get', 'kept']])
    }
    return looked
  },
  'scopes and limit keys': (c) =>
    answersTo(c, {
      'an empty scope': post('/restate/scope//call/{Raw}/json', 1),
      'a scope with a space': post('/restate/scope/a%20b/call/{Raw}/json', 1),
      'a scope with a slash': post('/restate/scope/a%2Fb/call/{Raw}/json', 1),
      'a scope that is not UTF-8': post('/restate/scope/%ff/call/{Raw}/json', 1),
      'the longest scope': post(`/restate/scope/${'s'.repeat(36)}/call/{Raw}/json`, 1),
      'a scope too long': post(`/restate/scope/${'s'.repeat(37)}/call/{Raw}/json`, 1),
      'a scope at an unknown service': post('/restate/scope/s/call/Nobody/json', 1),
      'a bad scope at an unknown service': post('/restate/scope/a%20b/call/Nobody/json', 1),
      'a bad scope and a bad method': request('PUT', '/restate/scope/a%20b/call/{Raw}/json'),
      'a limit key': post('/{Raw}/json', 1, [['x-restate-limit-key', 'a']]),
      'an empty limit key': post('/{Raw}/json', 1, [['x-restate-limit-key', '']]),
      'a limit key of three levels': post('/{Raw}/json', 1, [['x-restate-limit-key', 'a/b/c']]),
      'a bad limit key': post('/{Raw}/json', 1, [['x-restate-limit-key', 'a b']]),
      'a limit key in the query': post('/{Raw}/json?limit-key=a', 1),
      'an empty limit key in the query': post('/{Raw}/json?limit-key=', 1),
      'a limit key in the query, capitals': post('/{Raw}/json?Limit-Key=a', 1),
      'an empty limit key in the header, one in the query': post('/{Raw}/json?limit-key=a', 1, [
        ['x-restate-limit-key', ''],
      ]),
    }),
})
