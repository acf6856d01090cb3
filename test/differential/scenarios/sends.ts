import { bothModes } from '../passes.ts'
import { theme } from '../scenario.ts'

export const sends = theme('sends', bothModes, {
  'accepted, then run': async (c) => {
    const sent = await c.send('Script/run', [['value', 1]])
    return { sent, result: await c.attach(sent.id ?? ''), journal: await c.journal(sent.id ?? '') }
  },
  'the other form of the path': (c) => c.ingress('POST', '/restate/send/{Script}/run', [['value', 1]]),
  'a send is checked like a call': async (c) => ({
    service: await c.send('Nobody/run', 1),
    handler: await c.send('Script/jump', 1),
    type: await c.send('Script/run', { type: 'text/plain', bytes: Buffer.from('x') }),
  }),
  delayed: async (c) => {
    const sent = await c.send('Script/run', [['value', 1]], { query: 'delay=1500ms' })
    const early = await c.status(sent.id ?? '')
    const output = await c.output(sent.id ?? '')
    return { sent, early, output, result: await c.attach(sent.id ?? ''), late: await c.status(sent.id ?? '') }
  },
  'a delay of nothing': async (c) => {
    const sent = await c.send('Script/run', [['value', 1]], { query: 'delay=0s' })
    return { sent, result: await c.attach(sent.id ?? '') }
  },
  'forms of a delay': async (c) => {
    const send = async (delay: string) => (await c.send('Raw/json', 1, { query: `delay=${delay}` })).status
    const statuses: Record<string, number> = {}
    for (const delay of [
      '10ms',
      'PT0.01S',
      '1us',
      '0',
      '10%20ms',
      '1d',
      'P1D',
      '1h30m',
      '1:30:00',
      '1.5h',
      '10',
      '10S',
      '-1s',
      '1mo',
      'P1Y',
      '10x',
      '',
    ])
      statuses[delay] = await send(delay)
    return statuses
  },
  'a repeated send keeps the first time': async (c) => {
    const options = { idempotencyKey: c.key }
    const first = await c.ingressExchange('POST', '/{Raw}/json/send?delay=10m', 1, options)
    const again = await c.ingressExchange('POST', '/{Raw}/json/send?delay=1m', 1, options)
    const without = await c.ingressExchange('POST', '/{Raw}/json/send', 1, options)
    const bodies = [first, again, without].map(({ body }) => JSON.parse(body.toString()))
    return {
      statuses: bodies.map(({ status }) => status),
      sameTime: bodies.every(({ executionTime }) => executionTime === bodies[0]?.executionTime),
      digits: String(bodies[0]?.executionTime).length,
    }
  },
  'a repeated send after the start': async (c) => {
    const options = { idempotencyKey: c.key }
    const first = await c.send('Script/run', [['value', 1]], { ...options, query: 'delay=50ms' })
    await c.attach(first.id ?? '')
    return [first, await c.send('Script/run', [['value', 1]], { ...options, query: 'delay=10m' })]
  },
  'a call waits for what is scheduled': async (c) => {
    const options = { idempotencyKey: c.key }
    const sent = await c.send('Script/run', [['value', 'sent']], { ...options, query: 'delay=1500ms' })
    return [sent, await c.run('Script/run', [['value', 'called']], options)]
  },
  'from a handler': async (c) => {
    const answer = await c.run('Script/run', [
      ['let', 'id', ['send', 'Script/run', [['value', 'sent']]]],
      ['attach', '$id'],
    ])
    return { answer, journal: await c.journal(answer.id ?? '') }
  },
  'from a handler, delayed': async (c) => {
    const answer = await c.run('Script/run', [['send', 'Script/run', [['value', 'late']], { delayMs: 1000 }]])
    const [id] = Array.isArray(answer.body) ? answer.body.map(String) : []
    const early = await c.status(id ?? '')
    return {
      early,
      result: await c.attach(id ?? ''),
      late: await c.status(id ?? ''),
      journal: await c.journal(answer.id ?? ''),
    }
  },
  'to one key, in order': async (c) => {
    const numbers = Array.from({ length: 15 }, (_, index) => index)
    await c.run(
      'Script/run',
      numbers.map(
        (n) =>
          [
            'send',
            `Object/${c.key}/run`,
            [
              ['let', 'seen', ['get', 'seen']],
              ['set', `${n}`.padStart(2, '0'), '$seen'],
              ['set', 'seen', n],
            ],
          ] as const,
      ),
    )
    return c.eventually(
      () =>
        c.run(
          `Object/${c.key}/run`,
          numbers.map((n) => ['get', `${n}`.padStart(2, '0')] as const),
        ),
      ({ body }) => Array.isArray(body) && body.at(-1) !== null,
    )
  },
  'delayed, to a locked key': async (c) => {
    const holder = await c.start(`Object/${c.key}/run`, [['gate', c.key]])
    const { id: delayed = '' } = await c.send(`Object/${c.key}/run`, [['value', 2]], { query: 'delay=1s' })
    const second = await c.start(`Object/${c.key}/run`, [['value', 1]])
    const pending = await c.until(delayed, 'pending')
    await c.open(c.key)
    return { pending, holder: await c.attach(holder), second: await c.attach(second), delayed: await c.attach(delayed) }
  },
})
