import { bothModes } from '../passes.ts'
import { theme } from '../scenario.ts'

export const combinators = theme('combinators', bothModes, {
  'all, of sleeps': async (c) => {
    const answer = await c.run('Script/run', [
      ['start', 'a', ['sleep', 100]],
      ['start', 'b', ['sleep', 30]],
      ['all', ['a', 'b']],
    ])
    return { answer, journal: await c.journal(answer.id ?? '') }
  },
  'all, of a call and a sleep': async (c) => {
    const answer = await c.run('Script/run', [
      [
        'start',
        'a',
        [
          'call',
          'Script/run',
          [
            ['sleep', 700],
            ['value', 'called'],
          ],
        ],
      ],
      ['start', 'b', ['sleep', 30]],
      ['all', ['a', 'b']],
    ])
    return { answer, journal: await c.journal(answer.id ?? '') }
  },
  'all, with one that fails first': async (c) => {
    const answer = await c.run('Script/run', [
      ['start', 'a', ['sleep', 60_000]],
      ['start', 'b', ['call', 'Script/run', [['fail', 409, 'lost']]]],
      ['catch', [['all', ['a', 'b']]]],
    ])
    return { answer, journal: await c.journal(answer.id ?? '') }
  },
  'race, won by the shorter sleep': async (c) => {
    const answer = await c.run('Script/run', [
      ['start', 'slow', ['sleep', 60_000]],
      ['start', 'quick', ['call', 'Script/run', [['value', 'won']]]],
      ['race', ['slow', 'quick']],
      ['run', 'after', 1],
    ])
    return { answer, journal: await c.journal(answer.id ?? '') }
  },
  'race, won by a failure': async (c) => {
    const answer = await c.run('Script/run', [
      ['start', 'slow', ['sleep', 60_000]],
      ['start', 'quick', ['runTerminal', 'quick', 404, 'lost']],
      ['catch', [['race', ['slow', 'quick']]]],
    ])
    return { answer, journal: await c.journal(answer.id ?? '') }
  },
  'any, with a failure first': async (c) => {
    const answer = await c.run('Script/run', [
      ['start', 'bad', ['call', 'Script/run', [['fail', 409, 'lost']]]],
      [
        'start',
        'good',
        [
          'call',
          'Script/run',
          [
            ['sleep', 200],
            ['value', 'good'],
          ],
        ],
      ],
      ['any', ['bad', 'good']],
    ])
    return { answer, journal: await c.journal(answer.id ?? '') }
  },
  'any, with failures only': async (c) => {
    const answer = await c.run('Limited/kill', [
      ['start', 'a', ['runTerminal', 'a', 400, 'a fails']],
      ['start', 'b', ['runTerminal', 'b', 401, 'b fails']],
      ['any', ['a', 'b']],
    ])
    return { status: answer.status, body: answer.body }
  },
  'all settled': async (c) => {
    const answer = await c.run('Script/run', [
      ['start', 'a', ['call', 'Script/run', [['fail', 409, 'lost', { k: 'v' }]]]],
      ['start', 'b', ['sleep', 100]],
      ['start', 'c', ['run', 'c', 'result']],
      ['allSettled', ['a', 'b', 'c']],
    ])
    return { answer, entries: (await c.journal(answer.id ?? '')).toSorted() }
  },
  'race between an awakeable and a sleep': async (c) => {
    const id = await c.start('Script/run', [
      ['run', 'ready', 1],
      ['start', 'w', ['awakeable', 'w']],
      ['start', 's', ['sleep', 60_000]],
      ['race', ['w', 's']],
    ])
    const waits = await c.waits(id, 4)
    await c.resolve(c.awakeable(id), 'in time')
    return { waits, result: await c.attach(id), journal: await c.journal(id) }
  },
  'a timeout that is not needed': async (c) => {
    const answer = await c.run('Script/run', [
      ['start', 'a', ['call', 'Script/run', [['value', 'quick']]]],
      ['orTimeout', 'a', 60_000],
    ])
    return { answer, entries: (await c.journal(answer.id ?? '')).toSorted() }
  },
  'the same winner in each attempt': async (c) => {
    const answer = await c.run('Script/run', [
      ['start', 'a', ['sleep', 120]],
      ['start', 'b', ['sleep', 40]],
      ['race', ['a', 'b']],
      ['await', 'a'],
      ['crash', 2, 'again'],
      ['race', ['a', 'b']],
    ])
    return { answer, journal: await c.journal(answer.id ?? '') }
  },
  'all, in a chain of suspensions': async (c) => {
    const id = await c.start('Script/run', [
      ['run', 'ready', 1],
      ['start', 'a', ['awakeable', 'a']],
      ['start', 'b', ['awakeable', 'b']],
      ['start', 'c', ['awakeable', 'c']],
      ['all', ['a', 'b', 'c']],
    ])
    await c.waits(id, 3)
    for (const index of [2, 0, 1]) {
      await c.resolve(c.awakeable(id, index), index)
      if (index !== 1) await c.waits(id, index === 2 ? 4 : 5)
    }
    return { result: await c.attach(id), journal: await c.journal(id) }
  },
  'a sleep': async (c) => {
    const started = Date.now()
    const answer = await c.run('Script/run', [['sleep', 200]])
    return { answer, early: Date.now() - started < 200, journal: await c.journal(answer.id ?? '') }
  },
  'a sleep of nothing': async (c) => {
    const answer = await c.run('Script/run', [['sleep', 0]])
    return { answer, journal: await c.journal(answer.id ?? '') }
  },
})
