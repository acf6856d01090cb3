import { awakeableId } from '../../awakeable-id.ts'
import type { Client } from '../../client.ts'
import { likeThePeer } from '../../passes.ts'
import { answersTo, type Request, request } from '../../requests.ts'
import { theme } from '../../scenario.ts'

const unknown = 'inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz'

const ids: Readonly<Record<string, string>> = {
  'of nobody': awakeableId(unknown, 17),
  'of nobody, a later one': awakeableId(unknown, 4_000_000_000),
  'a word': 'foo',
  'a prefix': 'sign_',
  'a prefix and a version': 'sign_1',
  'too short': awakeableId(unknown, 17).slice(0, -2),
  'too long': `${awakeableId(unknown, 17)}AA`,
  'another version': awakeableId(unknown, 17).replace('sign_1', 'sign_2'),
  'digits that are none': awakeableId(unknown, 17).replace('sign_1A', 'sign_1!').replace('sign_1g', 'sign_1!'),
  'with padding': `${awakeableId(unknown, 17)}=`,
  'an invocation': unknown,
  'a deployment': 'dp_1rc6TNYO6EYNQ1x4EEKTKVC',
  'an older one, too short': 'prom_1foo',
  escaped: awakeableId(unknown, 17).replace('s', '%73'),
}

const bodies: Readonly<Record<string, readonly [type: string | undefined, bytes: string | Buffer | undefined]>> = {
  JSON: ['application/json', '{"v":1}'],
  text: ['text/plain', 'my reason'],
  'text beyond ASCII': ['text/plain; charset=utf-8', 'schön "so"\n🎈'],
  bytes: ['application/octet-stream', Buffer.from([0, 255, 254])],
  'bytes of no type': [undefined, 'x'],
  nothing: [undefined, undefined],
  'nothing, as JSON': ['application/json', ''],
}

async function completed(c: Client, operation: 'resolve' | 'reject'): Promise<unknown> {
  const seen: Record<string, unknown> = {}
  for (const [name, [type, bytes]] of Object.entries(bodies)) {
    const id = await c.start('Script/run', [['catch', [['awakeable', 'a']]]])
    const headers = type === undefined ? [] : [['content-type', type] as const]
    const row = request('POST', `/restate/awakeables/${c.awakeable(id)}/${operation}`, headers, bytes)
    // Over HTTP/2 it is the second time: the first one counts.
    const answers = await answersTo(c, { [name]: row })
    // What is no JSON the SDK cannot read, and tries again.
    const isReadable = operation === 'reject' || name.endsWith('JSON') || name === 'nothing'
    seen[name] = { answers, ...(isReadable && { result: await c.attach(id) }) }
    if (!isReadable) await c.operate(id, 'kill')
  }
  return seen
}

export const awakeables = theme('requests', likeThePeer, {
  'awakeables that are resolved': (c) => completed(c, 'resolve'),
  'awakeables that are rejected': (c) => completed(c, 'reject'),
  'awakeables of a completed invocation': async (c) => {
    const { id = '' } = await c.run('Script/run', [['value', 1]])
    return answersTo(c, {
      resolve: request('POST', `/restate/a/${c.awakeable(id)}/resolve`, [], '1'),
      reject: request('POST', `/restate/a/${c.awakeable(id, 7)}/reject`, [], 'no'),
    })
  },
  'ids of awakeables': (c) =>
    answersTo(
      c,
      Object.fromEntries(
        Object.entries(ids).flatMap(([name, id]): [string, Request][] => [
          [`resolve: ${name}`, request('POST', `/restate/awakeables/${id}/resolve`, [], '1')],
          [`reject, short: ${name}`, request('POST', `/restate/a/${id}/reject`, [], 'no')],
        ]),
      ),
    ),
  "ids of the server's own signals": (c) =>
    answersTo(c, {
      cancellation: request('POST', `/restate/awakeables/${awakeableId(unknown, 1)}/resolve`, [], '1'),
      'the last one': request('POST', `/restate/awakeables/${awakeableId(unknown, 16)}/reject`, [], 'no'),
    }),
})
