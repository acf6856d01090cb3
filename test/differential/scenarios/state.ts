import { createHash } from 'node:crypto'
import type { Client } from '../client.ts'
import { bothModes } from '../passes.ts'
import { theme } from '../scenario.ts'

/** Version of a state, as clients compute it: over its pairs, sorted by key. */
function versionOf(state: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256')
  for (const [index, [key, value]] of Object.entries(state).toSorted().entries()) {
    const position = Buffer.alloc(8)
    position.writeBigUInt64BE(BigInt(index))
    hash.update(position).update('\x01').update(key).update('\x02').update(value).update('\x03')
  }
  return hash.digest('base64url')
}

const bytes = (text: string) => [...Buffer.from(text)]

const mutate = (c: Client, body: Record<string, unknown>, service = '{Object}') =>
  c.admin(
    'POST',
    `/services/${service}/state`,
    JSON.parse(JSON.stringify({ object_key: c.key, version: null, ...body })),
  )

/** The state when it is as wanted, or after a while. */
const stateWhen = (c: Client, wanted: (keys: unknown) => boolean) =>
  c.eventually(
    async () => (await c.run(`Object/${c.key}/look`, [['keys'], ['get', 'a'], ['get', 'b']])).body,
    (body) => Array.isArray(body) && wanted(body[0]),
  )

const has =
  (...wanted: string[]) =>
  (keys: unknown) =>
    JSON.stringify(keys) === JSON.stringify(wanted)

export const state = theme('state from outside', bothModes, {
  'replaces everything': async (c) => {
    await c.run(`Object/${c.key}/run`, [
      ['set', 'a', 1],
      ['set', 'b', 2],
    ])
    const answer = await mutate(c, { new_state: { b: bytes('"new"') } })
    return { answer, state: await stateWhen(c, has('b')) }
  },
  'values as text': async (c) => {
    const answer = await mutate(c, { new_state: { a: '"text"' } })
    return { answer, state: await stateWhen(c, has('a')) }
  },
  'clears everything': async (c) => {
    await c.run(`Object/${c.key}/run`, [['set', 'a', 1]])
    const answer = await mutate(c, { new_state: {} })
    return { answer, state: await stateWhen(c, has()) }
  },
  'with the right version': async (c) => {
    await c.run(`Object/${c.key}/run`, [
      ['set', 'a', 1],
      ['set', 'b', 2],
    ])
    const answer = await mutate(c, { version: versionOf({ a: '1', b: '2' }), new_state: { a: bytes('3') } })
    return { answer, state: await stateWhen(c, has('a')) }
  },
  'with the version of an empty state': async (c) => {
    const answer = await mutate(c, { version: versionOf({}), new_state: { a: bytes('3') } })
    return { answer, state: await stateWhen(c, has('a')) }
  },
  'with a wrong version': async (c) => {
    await c.run(`Object/${c.key}/run`, [['set', 'a', 1]])
    const answer = await mutate(c, { version: versionOf({ a: 'other' }), new_state: { b: bytes('3') } })
    await c.run(`Object/${c.key}/run`, [['value', 'behind the change']])
    return { answer, state: await stateWhen(c, has('a')) }
  },
  'waits for its turn': async (c) => {
    const target = `Object/${c.key}/run`
    const holder = await c.start(target, [
      ['gate', c.key],
      ['set', 'a', 'holder'],
    ])
    await c.until(holder, 'running')
    const answer = await mutate(c, { new_state: { b: bytes('"changed"') } })
    await c.pause(200)
    const behind = await c.start(target, [['keys'], ['get', 'b']])
    const meanwhile = await c.run(`Object/${c.key}/look`, [['keys']])
    await c.open(c.key)
    await c.attach(holder)
    return { answer, meanwhile, behind: await c.attach(behind) }
  },
  'of a workflow': async (c) => {
    const answer = await mutate(c, { new_state: { a: bytes('1') } }, '{Flow}')
    const seen = await c.eventually(
      () => c.run(`Flow/${c.key}/ask`, [['get', 'a']]),
      ({ body }) => Array.isArray(body) && body[0] !== null,
    )
    return { answer, seen }
  },
  'of a service': (c) => mutate(c, { new_state: { a: bytes('1') } }, '{Script}'),
  'of an unknown service': async (c) => ({
    some: await mutate(c, { new_state: { a: bytes('1') } }, 'Nobody'),
    none: await mutate(c, { new_state: {} }, 'Nobody'),
  }),
  'that cannot be read': async (c) => ({
    noKey: await c.admin('POST', '/services/{Object}/state', { new_state: {} }),
    noState: await c.admin('POST', '/services/{Object}/state', { object_key: 'x' }),
    badValue: await c.admin('POST', '/services/{Object}/state', { object_key: 'x', new_state: { a: 7 } }),
    badByte: await c.admin('POST', '/services/{Object}/state', { object_key: 'x', new_state: { a: [256] } }),
  }),
})
