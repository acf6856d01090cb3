import assert from 'node:assert/strict'
import { concurrently } from '../concurrently.ts'
import type { Rig } from '../rig.ts'
import { type Figures, type Scale, type Scenario, stopwatch } from '../scenario.ts'

const REPEATS = 5
const AT_ONCE = 4

/** A large body through a handler and back, and through an object's state. */
export const largePayload: Scenario = {
  name: 'large payload',
  memoryBoundMiB: 1000,
  async run(rig: Rig, { payloadBytes }: Scale): Promise<Figures> {
    const payload = pattern(payloadBytes)
    const echoes: number[] = []
    const echo = async (): Promise<void> => {
      const time = stopwatch()
      const answer = await rig.ingress.request('POST', '/StressPayload/echo', payload)
      echoes.push(time())
      assert.equal(answer.status, 200)
      assert(Buffer.from(answer.body).equals(payload), 'what came back is what was sent')
    }
    await concurrently(REPEATS, 1, echo)
    const alone = Math.min(...echoes)
    assert.equal((await rig.figures()).failed, 0, 'no attempt failed')
    const together = stopwatch()
    await concurrently(2 * AT_ONCE, AT_ONCE, echo)
    const togetherMs = together()

    const storing = stopwatch()
    await rig.ingress.json('POST', '/StressStore/a/put', payload)
    const read = await rig.ingress.request('POST', '/StressStore/a/read')
    const stateMs = storing()
    assert(Buffer.from(read.body).equals(payload), 'the state is what was stored')
    // A Node service takes no new request on a connection that has more than 10 MB to send: HTTP/2 error
    // ENHANCE_YOUR_CALM. The attempt is made again, and the caller does not notice.
    const { failed } = await rig.figures()
    return {
      bytes: String(payloadBytes),
      'there and back': `${Math.round(alone)} ms at best of ${REPEATS}`,
      [`${2 * AT_ONCE}, ${AT_ONCE} at once`]: `${Math.round(togetherMs)} ms`,
      'attempts made again': String(failed),
      'into state and out': `${Math.round(stateMs)} ms`,
    }
  },
}

/** Bytes in which no part is like another one at the same distance from a frame's border. */
function pattern(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let value = 1
  for (let at = 0; at < length; at += 1) {
    value = (Math.imul(value, 1_103_515_245) + 12_345) | 0
    bytes[at] = value >>> 16
  }
  return bytes
}
