import { atIngress, bothModes } from '../passes.ts'
import { theme } from '../scenario.ts'

export const idempotency = [
  ...theme('expiry', atIngress, {
    'a key that has expired': async (c) => {
      const options = { idempotencyKey: c.key }
      const first = await c.run('Brief/second', [['value', 1]], options)
      await c.pause(1300)
      return { first, late: await c.run('Brief/second', [['value', 2]], options) }
    },
  }),
  ...theme('idempotency', bothModes, {
    'the same key runs once': async (c) => {
      const options = { idempotencyKey: c.key }
      const first = await c.run('Script/run', [['mark', c.key]], options)
      const again = await c.run('Script/run', [['mark', c.key]], options)
      return { first, again, runs: await c.marks(c.key) }
    },
    'another body gets the first result': async (c) => {
      const options = { idempotencyKey: c.key }
      return [await c.run('Script/run', [['value', 1]], options), await c.run('Script/run', [['value', 2]], options)]
    },
    'the id follows from the key': async (c) => {
      const options = { idempotencyKey: 'the key' }
      const inService = await c.call('Raw/json', 1, options)
      const inObject = await c.run('Object/k/look', [['value', 1]], options)
      // Without the marks of an id it is compared as it is.
      return [inService.id?.slice(5), inObject.id?.slice(5)]
    },
    'callers at the same time get the same': async (c) => {
      const options = { idempotencyKey: c.key }
      const answers = [1, 2, 3].map(() =>
        c.run(
          'Script/run',
          [
            ['mark', c.key],
            ['gate', c.key],
            ['value', 'done'],
          ],
          options,
        ),
      )
      await c.eventually(
        () => c.marks(c.key),
        (marks) => marks > 0,
      )
      await c.pause(500)
      await c.open(c.key)
      return { answers: await Promise.all(answers), runs: await c.marks(c.key) }
    },
    'a send after the call': async (c) => {
      const options = { idempotencyKey: c.key }
      return [await c.run('Script/run', [['value', 1]], options), await c.send('Script/run', [['value', 2]], options)]
    },
    'two sends': async (c) => {
      const options = { idempotencyKey: c.key }
      return [await c.send('Script/run', [['value', 1]], options), await c.send('Script/run', [['value', 2]], options)]
    },
    'a call joins a send': async (c) => {
      const options = { idempotencyKey: c.key }
      const id = await c.start(
        'Script/run',
        [
          ['gate', c.key],
          ['value', 'from the send'],
        ],
        options,
      )
      const call = c.run('Script/run', [['value', 'from the call']], options)
      await c.pause(300)
      await c.open(c.key)
      return [id, await call]
    },
    'another handler, another invocation': async (c) => {
      const options = { idempotencyKey: c.key }
      return [await c.call('Raw/json', 1, options), await c.call('Raw/isUndefined', 1, options)]
    },
    'another object, another invocation': async (c) => {
      const options = { idempotencyKey: c.key }
      return [
        await c.run(`Object/${c.key}-a/run`, [['target']], options),
        await c.run(`Object/${c.key}-b/run`, [['target']], options),
      ]
    },
    'a failure is kept as well': async (c) => {
      const options = { idempotencyKey: c.key }
      return [
        await c.run('Script/run', [['fail', 422, 'no', { a: 'b' }]], options),
        await c.run('Script/run', [['value', 2]], options),
      ]
    },
    'no key, another invocation': async (c) => [await c.call('Raw/json', 1), await c.call('Raw/json', 1)],
    'an empty key is a key': async (c) => [
      await c.run(`Object/${c.key}/run`, [['value', 1]], { idempotencyKey: '' }),
      await c.run(`Object/${c.key}/run`, [['value', 2]], { idempotencyKey: '' }),
    ],
    'a purged key runs again, as the same invocation': async (c) => {
      const options = { idempotencyKey: c.key }
      const first = await c.run('Script/run', [['value', 1]], options)
      const purge = await c.operate(first.id ?? '', 'purge')
      await c.eventually(
        () => c.status(first.id ?? ''),
        (status) => status === undefined,
      )
      return { first, purge, again: await c.run('Script/run', [['value', 2]], options) }
    },
    'calls of handlers share keys with those from outside': async (c) => {
      const options = { idempotencyKey: c.key }
      const outside = await c.run('Script/run', [['value', 'outside']], options)
      const inside = await c.run('Script/run', [['call', 'Script/run', [['value', 'inside']], options]])
      return { outside, inside }
    },
    'a handler may call a key twice': (c) => {
      const options = { idempotencyKey: c.key }
      return c.run('Script/run', [
        ['call', 'Script/run', [['value', 1]], options],
        ['call', 'Script/run', [['value', 2]], options],
        ['let', 'sent', ['send', 'Script/run', [['value', 3]], options]],
      ])
    },
    'a shared handler of a workflow': async (c) => {
      const options = { idempotencyKey: c.key }
      return [
        await c.run(`Flow/${c.key}/ask`, [['value', 1]], options),
        await c.run(`Flow/${c.key}/ask`, [['value', 2]], options),
      ]
    },
    'not for a workflow': (c) => c.run(`Flow/${c.key}/run`, [], { idempotencyKey: c.key }),
    'an empty key from a handler': async (c) => {
      const id = await c.start('Limited/pause', [['call', 'Script/run', [], { idempotencyKey: '' }]])
      return { status: await c.until(id, 'paused'), journal: await c.journal(id) }
    },
  }),
]
