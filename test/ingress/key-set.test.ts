import t from 'tap'
import { IngressAuthUnavailable } from '../../src/errors/ingress.ts'
import { KeySet } from '../../src/ingress/auth/key-set.ts'
import { createLogger } from '../../src/telemetry/logger.ts'

const log = createLogger({ logFilter: 'off', logFormat: 'json', logDisableAnsiCodes: true })
const minuteMs = 60_000

/** An issuer whose answers the test gives, and a clock that it moves. */
function issuer() {
  const asked: PromiseWithResolvers<string>[] = []
  const clock = { nowMs: 0 }
  const keys = new KeySet<string>({
    from: 'test',
    load: () => {
      const answer = Promise.withResolvers<string>()
      asked.push(answer)
      return answer.promise
    },
    maxAgeMs: 10 * minuteMs,
    maxStaleMs: 60 * minuteMs,
    cooldownMs: minuteMs / 2,
    now: () => clock.nowMs,
    log,
  })
  return { keys, asked, clock }
}

t.test('an issuer that is slow, and then away, holds callers once, not every half minute', async (t) => {
  const { keys, asked, clock } = issuer()
  const first = Promise.all([keys.current(), keys.current()])
  asked[0]?.resolve('old')
  t.strictSame(await first, ['old', 'old'])
  t.equal(asked.length, 1)

  clock.nowMs += 10 * minuteMs
  const held = keys.current()
  asked[1]?.reject(new Error('no answer'))
  t.equal(await held, 'old', 'the first one had to wait: the keys may have changed')
  t.equal(await keys.current(), 'old')
  t.equal(asked.length, 2)

  clock.nowMs += minuteMs
  t.equal(await keys.current(), 'old', 'while the issuer is asked again')
  t.equal(asked.length, 3)
  asked[2]?.resolve('new')
  await new Promise(setImmediate)
  t.equal(await keys.current(), 'new')

  clock.nowMs += 60 * minuteMs
  const late = keys.current()
  asked[3]?.reject(new Error('no answer'))
  await t.rejects(late, IngressAuthUnavailable)
  clock.nowMs += minuteMs
  const tooOld = keys.current()
  asked[4]?.resolve('newest')
  t.equal(await tooOld, 'newest', 'keys that are too old are waited for')
})

t.test('a reload asks at once, and keeps what there was when that fails', async (t) => {
  const { keys, asked } = issuer()
  const first = keys.current()
  asked[0]?.resolve('old')
  await first
  const failing = keys.reload()
  await new Promise(setImmediate)
  asked[1]?.reject(new Error('no answer'))
  await t.rejects(failing, IngressAuthUnavailable)
  t.equal(await keys.current(), 'old')
  const working = keys.reload()
  await new Promise(setImmediate)
  asked[2]?.resolve('new')
  await working
  t.equal(await keys.current(), 'new')
})

t.test('a reload while keys are being loaded loads once more', async (t) => {
  const { keys, asked } = issuer()
  const first = keys.current()
  const reload = keys.reload()
  asked[0]?.resolve('old')
  t.equal(await first, 'old')
  await new Promise(setImmediate)
  asked[1]?.resolve('new')
  await reload
  t.equal(await keys.current(), 'new')
})
