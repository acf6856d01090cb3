import http2 from 'node:http2'
import t from 'tap'
import { Rig } from './rig.ts'
import { invocation } from './samples.ts'

t.test(
  'a service that always has too much: each attempt asks four times, fails, and leaves nothing behind',
  async (t) => {
    await using rig = await Rig.start({
      script: ({ stream }) => stream.close(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM),
    })
    const attempts = 50
    for (let seq = 1; seq <= attempts; seq += 1) rig.run({ ...invocation(), seq })
    await rig.host.atLeast(attempts)
    const until = performance.now() + 30_000
    while (rig.invoker.inFlight > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 5))
    t.match(rig.invoker, { inFlight: 0, queued: 0, replayBytes: 0, counters: { attemptsFailed: attempts } })
    t.equal(rig.service.exchanges.length, 4 * attempts)
    t.ok(rig.service.sessionCount <= 10, `${rig.service.sessionCount} connections`)
  },
)
