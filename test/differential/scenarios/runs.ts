import { bothModes } from '../passes.ts'
import { theme } from '../scenario.ts'

export const runs = theme('runs', bothModes, {
  'one after the other': async (c) => {
    const answer = await c.run('Script/run', [
      ['run', 'one', 1],
      ['run', 'two', { b: [2] }],
      ['run', 'nothing', null],
    ])
    return {
      answer,
      journal: await c.journal(answer.id ?? ''),
      attempts: c.pass.mode === 'two-way' ? await c.attempts(answer.id ?? '') : null,
    }
  },
  'without a name': async (c) => {
    const answer = await c.run('Script/run', [['run', '', 1]])
    return { answer, journal: await c.journal(answer.id ?? '') }
  },
  'a result is stored once': async (c) => {
    const answer = await c.run('Script/run', [
      ['runMark', c.key],
      ['crash', 2, 'behind it'],
    ])
    return { answer, runs: await c.marks(c.key), journal: await c.journal(answer.id ?? '') }
  },
  'a failing closure is repeated': async (c) => {
    const answer = await c.run('Script/run', [['runFlaky', 'flaky', 2, { initialRetryInterval: 20 }]])
    return { answer, journal: await c.journal(answer.id ?? '') }
  },
  'a closure that gives up': async (c) => {
    const answer = await c.run('Script/run', [
      ['runFlaky', 'flaky', 99, { initialRetryInterval: 10, maxRetryAttempts: 3 }],
    ])
    return { answer, journal: await c.journal(answer.id ?? '') }
  },
  'a terminal error in the closure': async (c) => {
    const answer = await c.run('Script/run', [
      ['catch', [['runTerminal', 'bad', 404, 'gone', { id: '7' }]]],
      ['run', 'after', 1],
    ])
    return { answer, journal: await c.journal(answer.id ?? '') }
  },
  'a terminal error that nobody catches': (c) => c.run('Script/run', [['runTerminal', 'bad', 451, 'not here']]),
  'in parallel': async (c) => {
    const answer = await c.run('Script/run', [
      ['start', 'a', ['run', 'a', 1]],
      ['start', 'b', ['run', 'b', 2]],
      ['all', ['a', 'b']],
    ])
    return { answer, entries: (await c.journal(answer.id ?? '')).toSorted() }
  },
  'a closure that asks for a pause': async (c) => {
    const id = await c.start('Script/run', [['runPausing', 'checked by people']])
    const status = await c.until(id, 'paused')
    const resumed = await c.operate(id, 'resume')
    return { status, resumed, result: await c.attach(id), journal: await c.journal(id) }
  },
  'a closure slower than the inactivity timeout': async (c) => {
    const answer = await c.run('Impatient/suspends', [
      ['runFor', 'slow', 400],
      ['value', 'done'],
    ])
    return { answer, journal: await c.journal(answer.id ?? '') }
  },
})
