import { likeThePeer } from '../../passes.ts'
import { answersWithIds, get, http1, post, request } from '../../requests.ts'
import { theme } from '../../scenario.ts'

/** Every form of an idempotency key. Each request is made twice, over one protocol and then over the other. */
export const idempotencyKeys = theme('requests', likeThePeer, {
  'idempotency keys': (c) => {
    const key = (value: string) => [['idempotency-key', value]] as const
    const program = [['value', 1]]
    return answersWithIds(c, {
      plain: post('/{Raw}/json', 1, key(c.key)),
      'the same, another body': post('/{Raw}/json', 2, key(c.key)),
      'the same, in capitals': post('/{Raw}/json', 3, [['Idempotency-KEY', c.key]]),
      'the same, newer call': post('/restate/call/{Raw}/json', 4, key(c.key)),
      'the same, GET': get('/{Raw}/json', key(c.key)),
      'the same, sent': post('/{Raw}/json/send', 5, key(c.key)),
      'the same, sent with a delay': post('/{Raw}/json/send?delay=1d', 5, key(c.key)),
      'the same, a wrong type': request('POST', '/{Raw}/json', [...key(c.key), ['content-type', 'text/plain']], 'x'),
      'the same, another handler': post('/{Raw}/isUndefined', 1, key(c.key)),
      empty: post(`/{Object}/${c.key}/run`, program, key('')),
      spaces: post('/{Raw}/json', 1, key(`  ${c.key} spaces  `)),
      'without the spaces': post('/{Raw}/json', 2, key(`${c.key} spaces`)),
      commas: post('/{Raw}/json', 1, key(`${c.key}, a, b`)),
      quotes: post('/{Raw}/json', 1, key(`"${c.key}"`)),
      tab: post('/{Raw}/json', 1, key(`${c.key}\ta`)),
      percent: post('/{Raw}/json', 1, key(`${c.key}%2F`)),
      long: post('/{Raw}/json', 1, key(`${c.key}${'k'.repeat(4000)}`)),
      'beyond ASCII': http1(post('/{Raw}/json', 1, key('sch\u00f6n'))),
      repeated: http1(
        post('/{Raw}/json', 1, [
          ['idempotency-key', `${c.key} first`],
          ['idempotency-key', `${c.key} second`],
        ]),
      ),
      'the first of a repeated one': http1(post('/{Raw}/json', 2, key(`${c.key} first`))),
      'of an object': post(`/{Object}/${c.key}/run`, program, key(c.key)),
      'of another object': post(`/{Object}/${c.key}-b/run`, program, key(c.key)),
      'of a shared handler': post(`/{Object}/${c.key}/look`, program, key(c.key)),
      'of a workflow': post(`/{Flow}/${c.key}/run`, program, key(c.key)),
      'of a workflow, empty': post(`/{Flow}/${c.key}/run`, program, key('')),
      'of a workflow, sent': post(`/{Flow}/${c.key}/run/send`, program, key(c.key)),
      'of a shared handler of a workflow': post(`/{Flow}/${c.key}/ask`, program, key(c.key)),
      'at an unknown service': post('/Nobody/run', 1, key(c.key)),
      'beyond ASCII, of a workflow': http1(post(`/{Flow}/${c.key}/run`, program, key('\u00f6'))),
      'beyond ASCII, of a private service': http1(post('/{Private}/run', program, key('\u00f6'))),
      'of a failure': post('/{Script}/run', [['fail', 418, 'no', { a: 'b' }]], key(`${c.key} failure`)),
      'of nothing': request('POST', '/{Raw}/nothing', key(`${c.key} nothing`)),
      expires: post('/{Raw}/json', 1, [...key(`${c.key} expires`), ['idempotency-expires', '2030-01-01T00:00:00Z']]),
      'its output': get(`/restate/invocation/{Raw}/json/${c.key}/output`),
      'its attach': get(`/restate/invocation/{Raw}/json/${c.key}/attach`),
      'its output, escaped': get(`/restate/invocation/{Raw}/json/${c.key}%20spaces/output`),
      'its output by target': post('/restate/output', {
        target: 'idempotentInvocation',
        service: `Raw${c.pass.suffix}`,
        handler: 'json',
        idempotencyKey: `${c.key} spaces`,
      }),
    })
  },
})
