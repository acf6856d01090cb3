import { bothModes } from '../passes.ts'
import { theme } from '../scenario.ts'

export const callsBetween = theme('calls between services', bothModes, {
  'a call and its journal': async (c) => {
    const answer = await c.run('Script/run', [['call', 'Script/run', [['value', 'called']]]])
    return { answer, journal: await c.journal(answer.id ?? '') }
  },
  'the callee knows who called': async (c) => {
    const answer = await c.run('Script/run', [['call', 'Script/run', [['id']]]])
    const [[callee] = []] = Array.isArray(answer.body) ? answer.body.filter(Array.isArray) : []
    return { answer, callee: await c.status(String(callee)), journal: await c.journal(String(callee)) }
  },
  'a chain of five': async (c) =>
    c.run('Script/run', [
      [
        'call',
        'Script/run',
        [['call', `Object/${c.key}/run`, [['call', 'Script/run', [['call', `Object/${c.key}-2/run`, [['target']]]]]]]],
      ],
    ]),
  'headers are those that the caller gives': (c) =>
    c.run('Script/run', [['call', 'Script/run', [['headers']], { headers: { 'x-from': 'handler' } }]], {
      headers: [['x-request-id', '1']],
    }),
  'a terminal error of the callee': async (c) => {
    const answer = await c.run('Script/run', [
      ['catch', [['call', 'Script/run', [['fail', 422, 'no', { why: 'because' }]]]]],
    ])
    return { answer, journal: await c.journal(answer.id ?? '') }
  },
  'a terminal error that goes all the way up': (c) =>
    c.run('Script/run', [
      ['call', 'Script/run', [['call', 'Script/run', [['fail', 422, 'deep', { why: 'because' }]]]]],
    ]),
  'private services can be called from handlers': (c) =>
    c.run('Script/run', [
      ['call', 'Private/run', [['value', 'reached']]],
      ['call', 'Script/secret', [['value', 'reached']]],
    ]),
  'without an argument, without a result': (c) => c.run('Script/run', [['callJson', 'Raw/isUndefined', null]]),
  'two calls, then both results': async (c) => {
    const answer = await c.run('Script/run', [
      ['start', 'a', ['call', 'Script/run', [['value', 'a']]]],
      ['start', 'b', ['call', 'Script/run', [['value', 'b']]]],
      ['all', ['a', 'b']],
    ])
    return { answer, entries: (await c.journal(answer.id ?? '')).toSorted() }
  },
  'a call into an object': async (c) => {
    const target = `Object/${c.key}/run`
    await c.run('Script/run', [
      ['call', target, [['set', 'a', 1]]],
      ['call', target, [['set', 'b', 2]]],
    ])
    return c.run('Script/run', [['call', target, [['get', 'a'], ['keys']]]])
  },
  'an unknown service': async (c) => {
    const id = await c.start('Limited/pause', [
      ['run', 'before', 1],
      ['call', 'Nobody/run', []],
    ])
    return { status: await c.until(id, 'paused'), journal: await c.journal(id) }
  },
  'an unknown handler': async (c) => {
    const id = await c.start('Limited/pause', [['callJson', 'Script/jump', null]])
    return { status: await c.until(id, 'paused'), journal: await c.journal(id) }
  },
  'a key for a service': async (c) => {
    const id = await c.start('Limited/pause', [['call', `Script/${c.key}/run`, []]])
    return { status: await c.until(id, 'paused'), journal: await c.journal(id) }
  },
  'a service that comes later': async (c) => {
    const name = c.ownService
    const id = await c.start('Script/run', [['call', `${name}/run`, [['version']]]])
    await c.eventually(
      () => c.attempts(id),
      (attempts) => attempts > 1,
    )
    const deployed = await c.deploy(`${name}${c.pass.suffix}`, 7)
    return { deployed: deployed.status, result: await c.attach(id) }
  },
  'the result stays when the caller is repeated': async (c) => {
    const answer = await c.run('Script/run', [
      ['call', 'Script/run', [['mark', c.key]]],
      ['crash', 2, 'behind'],
      ['call', 'Script/run', [['mark', c.key]]],
    ])
    return { answer, marks: await c.marks(c.key), journal: await c.journal(answer.id ?? '') }
  },
  'a call to a running workflow': async (c) => {
    const run = `Flow/${c.key}/run`
    await c.start(run, [['promise', 'go']])
    const answer = await c.run('Script/run', [
      ['catch', [['call', run, []]]],
      ['let', 'sent', ['send', run, []]],
    ])
    await c.run(`Flow/${c.key}/ask`, [['resolvePromise', 'go', 1]])
    return answer
  },
})
