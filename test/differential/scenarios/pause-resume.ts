import type { Client } from '../client.ts'
import { bothModes } from '../passes.ts'
import { theme } from '../scenario.ts'
import type { Step } from '../service/program.ts'

const waiting: readonly Step[] = [
  ['run', 'ready', 1],
  ['start', 'w', ['awakeable', 'w']],
  ['await', 'w'],
]

const unknown = 'inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz'

/** What SQL tells of the attempts of an invocation, and what has happened to it beside its journal. */
async function told(c: Client, id: string) {
  const rows = async (query: string) => (await c.admin('POST', '/query', { query })).body
  return {
    attempts: await rows(`SELECT status, retry_count FROM sys_invocation WHERE id = '${id}'`),
    events: await rows(
      `SELECT event_type, after_journal_entry_index FROM sys_journal_events WHERE id = '${id}' ORDER BY appended_at`,
    ),
  }
}

/** Waits until this attempt, the first being 1, has failed and the next one waits for its time. */
async function failedAttempt(c: Client, id: string, attempt: number): Promise<void> {
  await c.eventually(
    () => c.attempts(id),
    (attempts) => attempts >= attempt,
  )
  await c.until(id, 'backing-off')
}

export const pauseResume = theme('pause and resume', bothModes, {
  'pause what backs off': async (c) => {
    const id = await c.start('Limited/slow', [
      ['run', 'ready', 1],
      ['crash', 1, 'once'],
    ])
    await c.until(id, 'backing-off')
    const paused = await c.operate(id, 'pause')
    const status = await c.until(id, 'paused')
    const again = await c.operate(id, 'pause')
    const resumed = await c.operate(id, 'resume')
    return { paused, status, again, resumed, result: await c.attach(id), journal: await c.journal(id) }
  },
  'pause what waits': async (c) => {
    const id = await c.start('Script/run', waiting)
    await c.waits(id, 3)
    const paused = await c.operate(id, 'pause')
    await c.pause(800)
    const status = (await c.status(id))?.status
    return { paused, status, killed: await c.operate(id, 'kill') }
  },
  'pause what is suspended': async (c) => {
    const id = await c.start('Impatient/suspends', waiting)
    const suspended = await c.until(id, 'suspended')
    const paused = await c.operate(id, 'pause')
    await c.pause(500)
    const status = (await c.status(id))?.status
    return { suspended, paused, status, killed: await c.operate(id, 'kill') }
  },
  'pause what cannot be paused': async (c) => {
    const { id: ended = '' } = await c.run('Script/run', [['value', 1]])
    const { id: scheduled = '' } = await c.send('Script/run', [], { query: 'delay=10m' })
    const holder = await c.start(`Object/${c.key}/run`, [['gate', c.key]])
    const pending = await c.start(`Object/${c.key}/run`, [])
    const answers = [
      await c.operate(ended, 'pause'),
      await c.operate(scheduled, 'pause'),
      await c.operate(pending, 'pause'),
      await c.operate(unknown, 'pause'),
      await c.operate('x', 'pause'),
    ]
    await c.open(c.key)
    return { answers, holder: await c.attach(holder) }
  },
  'what comes while it is paused is kept': async (c) => {
    const id = await c.start('Limited/pause', [
      ['start', 'w', ['awakeable', 'w']],
      ['run', 'ready', 1],
      ['crash', 3, 'thrice'],
      ['await', 'w'],
    ])
    await c.until(id, 'paused')
    await c.resolve(c.awakeable(id), 'while paused')
    const journal = await c.eventually(
      () => c.journal(id),
      ({ length }) => length >= 4,
    )
    const status = (await c.status(id))?.status
    await c.operate(id, 'resume')
    return { journal, status, result: await c.attach(id) }
  },
  'resume what is suspended': async (c) => {
    const id = await c.start('Impatient/suspends', waiting)
    await c.until(id, 'suspended')
    const before = await c.attempts(id)
    const resumed = await c.operate(id, 'resume')
    await c.eventually(
      () => c.attempts(id),
      (attempts) => attempts > before,
    )
    const status = await c.until(id, 'suspended')
    await c.resolve(c.awakeable(id), 1)
    return { resumed, status, result: await c.attach(id) }
  },
  'resume what backs off': async (c) => {
    const id = await c.start('Limited/slow', [
      ['crash', 1, 'once'],
      ['value', 'at once'],
    ])
    await c.until(id, 'backing-off')
    const resumed = await c.operate(id, 'resume')
    return { resumed, result: await c.attach(id) }
  },
  'resume what cannot be resumed': async (c) => {
    const { id: ended = '' } = await c.run('Script/run', [['value', 1]])
    const { id: scheduled = '' } = await c.send('Script/run', [], { query: 'delay=10m' })
    const holder = await c.start(`Object/${c.key}/run`, [['gate', c.key]])
    const pending = await c.start(`Object/${c.key}/run`, [])
    const answers = [
      await c.operate(ended, 'resume'),
      await c.operate(scheduled, 'resume'),
      await c.operate(pending, 'resume'),
      await c.operate(unknown, 'resume'),
      await c.operate('x', 'resume'),
    ]
    await c.open(c.key)
    return { answers, holder: await c.attach(holder) }
  },
  'resume what runs': async (c) => {
    const id = await c.start('Script/run', [['gate', c.key]])
    await c.until(id, 'running')
    const answers = [
      await c.operate(id, 'resume'),
      await c.operate(id, 'resume?deployment=latest'),
      await c.operate(id, 'resume?deployment=nonsense'),
    ]
    await c.open(c.key)
    return { answers, result: await c.attach(id) }
  },
  'a resumed invocation has all its attempts again': async (c) => {
    const id = await c.start('Limited/pause', [['crash', 5, 'five times'], ['attempts']])
    const first = await c.until(id, 'paused')
    const attempts = await c.attempts(id)
    await c.operate(id, 'resume')
    return { first, attempts, result: await c.attach(id) }
  },
  'what has happened to one that is resumed when it is paused': async (c) => {
    const id = await c.start('Limited/pause', [['crash', 99, 'always']])
    await c.until(id, 'paused')
    const { events: first } = await told(c, id)
    await c.operate(id, 'resume')
    await c.eventually(
      () => c.attempts(id),
      (attempts) => attempts >= 6,
    )
    await c.until(id, 'paused')
    const { events: second } = await told(c, id)
    return { first, second, killed: (await c.operate(id, 'kill')).status }
  },
  'what is told of the attempts of one that is resumed while it backs off': async (c) => {
    const id = await c.start('Limited/slow', [['crash', 99, 'always']])
    await c.until(id, 'backing-off')
    const first = await told(c, id)
    await c.operate(id, 'resume')
    await c.eventually(
      () => c.attempts(id),
      (attempts) => attempts >= 2,
    )
    await c.until(id, 'backing-off')
    const second = await told(c, id)
    await c.operate(id, 'pause')
    await c.until(id, 'paused')
    const paused = await told(c, id)
    await c.operate(id, 'resume')
    await c.eventually(
      () => c.attempts(id),
      (attempts) => attempts >= 3,
    )
    await c.until(id, 'backing-off')
    return { first, second, paused, third: await told(c, id), killed: (await c.operate(id, 'kill')).status }
  },
  'what is told of the attempts of one that suspends': async (c) => {
    const id = await c.start('Impatient/suspends', [['crash', 2, 'twice'], ...waiting, ['crash', 99, 'afterwards']])
    await c.until(id, 'suspended')
    const suspended = await told(c, id)
    await c.resolve(c.awakeable(id), 1)
    await c.until(id, 'backing-off')
    // The official server writes of a failure some time after it.
    const later = await c.eventually(
      () => told(c, id),
      ({ events }) => JSON.stringify(events).split('TransientError').length > 2,
    )
    return { suspended, later, killed: (await c.operate(id, 'kill')).status }
  },
  'the attempts of one that is resumed while it backs off are counted on': async (c) => {
    const id = await c.start('Limited/slowAndFew', [['crash', 99, 'always']])
    const seen = []
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      await failedAttempt(c, id, attempt)
      seen.push(await told(c, id))
      await c.operate(id, 'resume')
    }
    return { seen, result: await c.attach(id), attempts: await c.attempts(id) }
  },
  'so are those of one that an operator holds and resumes': async (c) => {
    const id = await c.start('Limited/slowAndFew', [['crash', 99, 'always']])
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      await failedAttempt(c, id, attempt)
      await c.operate(id, 'pause')
      await c.until(id, 'paused')
      await c.operate(id, 'resume')
    }
    await c.eventually(
      () => c.attempts(id),
      (attempts) => attempts >= 3,
    )
    const status = await c.eventually(
      async () => (await c.status(id))?.status,
      (now) => now === 'backing-off' || now === 'completed',
    )
    return { status, told: await told(c, id), killed: (await c.operate(id, 'kill')).status }
  },
})
