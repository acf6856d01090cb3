import { bothModes } from '../passes.ts'
import { theme } from '../scenario.ts'

const mebibyte = 1024 * 1024

export const payloads = theme('payloads', bothModes, {
  'five megabytes in': (c) => c.call('Raw/length', 'x'.repeat(5 * mebibyte)),
  'five megabytes out': (c) => c.call('Raw/letters', 5 * mebibyte),
  'a megabyte through a call': (c) => c.run('Script/run', [['callJson', 'Raw/length', 'y'.repeat(mebibyte)]]),
  'a megabyte out of a call, journaled': async (c) => {
    const answer = await c.run('Script/run', [
      ['start', 'large', ['callJson', 'Raw/letters', mebibyte]],
      ['all', ['large']],
      ['crash', 1, 'x'],
    ])
    return { answer, journal: await c.journal(answer.id ?? '') }
  },
  'many runs': async (c) => {
    const answer = await c.run(
      'Script/run',
      Array.from({ length: 60 }, (_, index) => ['run', `step ${index}`, index] as const),
    )
    return { answer, journal: await c.journal(answer.id ?? '') }
  },
  'a megabyte as state': async (c) => ({
    set: await c.run(`Object/${c.key}/run`, [['set', 'large', 'z'.repeat(mebibyte)]]),
    get: await c.run(`Object/${c.key}/run`, [['get', 'large'], ['keys']]),
  }),
  'more than the limit': async (c) => {
    const { status } = await c.call('Raw/length', {
      type: 'application/json',
      bytes: Buffer.alloc(33 * mebibyte, 0x20),
    })
    return { status }
  },
})
