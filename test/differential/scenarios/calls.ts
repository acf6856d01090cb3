import { bothModes } from '../passes.ts'
import { theme } from '../scenario.ts'

export const calls = theme('calls', bothModes, {
  'result, journal and status': async (c) => {
    const answer = await c.run('Script/run', [['value', { a: [1, 'two', null] }]])
    return { answer, journal: await c.journal(answer.id ?? ''), status: await c.status(answer.id ?? '') }
  },
  'the handler knows its target': (c) => c.run('Script/run', [['target']]),
  'the other form of the path': (c) => c.ingress('POST', '/restate/call/{Script}/run', [['value', 1]]),
  'the other form of the path, with a key': (c) =>
    c.ingress('POST', `/restate/call/{Object}/${c.key}/run`, [['target']]),
  'GET is a call': (c) => c.call('Raw/json', undefined, { method: 'GET' }),
  'no result': (c) => c.call('Raw/nothing'),
  'null is a result': (c) => c.call('Raw/json', null),
  'an empty body with a content type is undefined': (c) =>
    c.call('Raw/isUndefined', { type: 'application/json', bytes: Buffer.alloc(0) }),
  'a body without a content type': (c) => c.call('Raw/json', { type: undefined, bytes: Buffer.from('1') }),
  'a body where none is taken': (c) => c.call('Raw/nothing', 1),
  'bytes come back as they went': (c) => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
    return c.call('Raw/bytes', { type: 'application/octet-stream', bytes })
  },
  'text of any kind': (c) => c.call('Raw/text', { type: 'text/csv; charset=utf-8', bytes: Buffer.from('a,b') }),
  'what is no JSON fails in the handler': (c) =>
    c
      .call('Raw/json', { type: 'application/json', bytes: Buffer.from('{bad') })
      .then(({ status, source }) => ({ status, source })),
  'terminal error': async (c) => {
    const answer = await c.run('Script/run', [['fail', 418, 'no coffee']])
    return { answer, journal: await c.journal(answer.id ?? ''), status: await c.status(answer.id ?? '') }
  },
  'terminal error with metadata': (c) => c.run('Script/run', [['fail', 409, 'taken', { by: 'Ada', at: 'noon' }]]),
  'terminal error with an empty message': (c) => c.run('Script/run', [['fail', 500, '']]),
  'terminal error with text beyond ASCII': (c) => c.run('Script/run', [['fail', 400, 'schön 🎈\n"quoted"']]),
  'terminal errors with codes that are no error': async (c) => ({
    200: await c.run('Script/run', [['fail', 200, 'fine?']]),
    204: await c.run('Script/run', [['fail', 204, 'nothing?']]),
    302: await c.run('Script/run', [['fail', 302, 'elsewhere']]),
  }),
  'terminal errors with unusual codes': async (c) => ({
    599: await c.run('Script/run', [['fail', 599, 'odd']]),
    999: await c.run('Script/run', [['fail', 999, 'odd']]),
    1000: await c.run('Script/run', [['fail', 1000, 'odd']]),
    65535: await c.run('Script/run', [['fail', 65535, 'odd']]),
  }),
  'a failed attempt is repeated': async (c) => {
    const answer = await c.run('Script/run', [['run', 'first', 1], ['crash', 2, 'again'], ['attempts']])
    return { answer, journal: await c.journal(answer.id ?? '') }
  },
  'random numbers stay the same over attempts': async (c) => {
    const answer = await c.run('Script/run', [
      ['uuid'],
      ['let', 'early', ['uuid']],
      ['run', 'kept', '$early'],
      ['crash', 1, 'x'],
      ['uuid'],
    ])
    const [, early, kept] = Array.isArray(answer.body) ? answer.body : []
    return { same: early === kept, journal: await c.journal(answer.id ?? '') }
  },
})
