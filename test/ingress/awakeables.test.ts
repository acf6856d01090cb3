import t from 'tap'
import { PartitionClosed } from '../../src/errors/partition.ts'
import { formatAwakeableId, parseAwakeableId } from '../../src/protocol/ids/awakeable-id.ts'
import { parseInvocationId } from '../../src/protocol/ids/invocation-id.ts'
import { ask, isIngressError, startIngress } from './fixture.ts'

// Made by the official server 1.7.12.
const id = 'sign_1ntIHlSdLzmDIGvQLnkYZ6wW0C_6t6bLEAAAAEQ'
const { invocationId } = parseAwakeableId(id)

/** In both spellings, and with more behind it, which is ignored. */
const paths = (operation: string) => [
  `/restate/awakeables/${id}/${operation}`,
  `/restate/a/${id}/${operation}`,
  `/restate/a/${id}/${operation}/and/more`,
]

t.test('resolve: the body is the payload, whatever its type', async (t) => {
  await using ingress = await startIngress()
  const bodies: readonly (readonly [contentType: string | undefined, body: Uint8Array])[] = [
    ['application/json', Buffer.from('{"v":1}')],
    ['text/plain', Buffer.from('not json')],
    ['application/octet-stream', Uint8Array.from([0, 255, 13, 10])],
    [undefined, Buffer.from('x')],
    ['application/json', new Uint8Array(0)],
    [undefined, new Uint8Array(0)],
  ]
  for (const path of paths('resolve')) {
    for (const [contentType, body] of bodies) {
      const headers: Record<string, string> = contentType === undefined ? {} : { 'content-type': contentType }
      const reply = await ask(ingress, path, { headers, body })
      t.equal(reply.status, 202, path)
      t.equal(reply.body, '')
      t.equal(reply.headers['content-length'], '0')
      t.equal(reply.headers['content-type'], undefined)
      t.equal(reply.headers['x-restate-id'], undefined)
      const signal = ingress.partition.signals.at(-1)
      t.match(signal, { target: invocationId, key: { kind: 'signal', index: 17 }, result: { kind: 'value' } })
      const result = signal?.result
      t.strictSame(result?.kind === 'value' ? [...result.value] : undefined, [...body])
    }
  }
  t.equal(ingress.metrics.outcomes.completed, paths('resolve').length * bodies.length)
})

t.test('reject: the body is the text of a failure with code 500', async (t) => {
  await using ingress = await startIngress()
  for (const path of paths('reject')) {
    for (const [body, message] of [
      [Buffer.from('my reason'), 'my reason'],
      [Buffer.from('{"code":409,"message":"x"}'), '{"code":409,"message":"x"}'],
      [Buffer.from('tschüss'), 'tschüss'],
      [Uint8Array.from([0x61, 0xff, 0x62]), 'a\ufffdb'],
      [new Uint8Array(0), ''],
    ] as const) {
      const reply = await ask(ingress, path, { headers: { 'content-type': 'text/plain' }, body })
      t.equal(reply.status, 202, path)
      t.equal(reply.body, '')
      t.strictSame(ingress.partition.signals.at(-1), {
        target: invocationId,
        key: { kind: 'signal', index: 17 },
        result: { kind: 'failure', failure: { code: 500, message } },
      })
    }
  }
})

t.test('ids that are none', async (t) => {
  await using ingress = await startIngress()
  for (const [bad, reason] of [
    ['foo', 'bad format'],
    ['sign_1foo', "id doesn't match the expected type"],
    ['prom_1foo', 'bad length'],
    ['sign_2ntIHlSdLzmDIGvQLnkYZ6wW0C_6t6bLEAAAAEQ', 'unrecognized codec version'],
    [invocationId, "id doesn't match the expected type"],
    [`${id}x`, "id doesn't match the expected type"],
  ] as const) {
    for (const operation of ['resolve', 'reject']) {
      const reply = await ask(ingress, `/restate/a/${bad}/${operation}`, { body: 'x' })
      t.ok(isIngressError(reply, 400), `${bad} ${operation}`)
      t.match(reply.json, { message: `bad awakeable id '${bad}': ${reason}` })
    }
  }
  t.equal(ingress.partition.signals.length, 0)
})

t.test('the signals of the server itself are out of reach', async (t) => {
  await using ingress = await startIngress()
  const withIndex = (index: number) => formatAwakeableId(parseInvocationId(invocationId), index)
  for (const index of [0, 1, 15, 16]) {
    const reply = await ask(ingress, `/restate/a/${withIndex(index)}/resolve`, { body: '' })
    t.ok(isIngressError(reply, 400), `index ${index}`)
    t.match(reply.json, { message: /awakeables begin at 17/ })
  }
  t.equal(ingress.partition.signals.length, 0)
  t.equal((await ask(ingress, `/restate/a/${withIndex(0xffff_ffff)}/resolve`, { body: '1' })).status, 202)
  t.match(ingress.partition.signals, [{ key: { index: 0xffff_ffff } }])
})

t.test('a body over the limit, and a partition that is closed', async (t) => {
  await using ingress = await startIngress()
  const path = `/restate/a/${id}/resolve`
  const limit = 256 * 1024
  t.equal((await ask(ingress, path, { body: new Uint8Array(limit) })).status, 202)
  t.ok(isIngressError(await ask(ingress, path, { body: new Uint8Array(limit + 1) }), 413))
  t.equal(ingress.partition.signals.length, 1)
  ingress.partition.failure = new PartitionClosed('The server is shutting down.')
  t.ok(isIngressError(await ask(ingress, path, { body: '1' }), PartitionClosed.definition.status))
})
