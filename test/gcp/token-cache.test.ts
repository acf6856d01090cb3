import t from 'tap'
import { TokenCache } from '../../src/gcp/token-cache.ts'

let minted = 0

/** Shaped like a token; nobody looks at the signature here. */
function tokenUntil(exp: unknown, more: object = {}): string {
  const payload = Buffer.from(JSON.stringify({ exp, n: minted++, ...more })).toString('base64url')
  return `e30.${payload}.c2ln`
}

t.test('handed out until a minute before it expires', async (t) => {
  let now = 1_000_000
  const cache = new TokenCache({ now: () => now })
  const token = tokenUntil(2000)
  t.equal(await cache.mint('k', async () => token), token)
  now = 1_939_999
  t.equal(cache.get('k'), token)
  now = 1_940_000
  t.equal(cache.get('k'), undefined)
  t.equal(cache.size, 0)
})

t.test(
  'a life of 63 s is used for 3 s, one of 60 s or less not at all, an unknown one for an hour less a minute',
  async (t) => {
    let now = 1_000_000
    const cache = new TokenCache({ now: () => now })
    for (const [exp, usedMs] of [
      [1063, 3_000],
      [1061, 1_000],
      [1060, 0],
      [1050, 0],
      [900, 0],
      [undefined, 3_540_000],
      ['soon', 3_540_000],
    ] as const) {
      now = 1_000_000
      await cache.mint('k', async () => tokenUntil(exp))
      now += usedMs - 1
      t.equal(cache.get('k') !== undefined, usedMs > 0, `${exp} before`)
      now += 1
      t.equal(cache.get('k'), undefined, `${exp} after`)
    }
  },
)

t.test('one mint in flight for a key', async (t) => {
  const cache = new TokenCache()
  let mints = 0
  const { promise, resolve } = Promise.withResolvers<string>()
  const mint = () => {
    mints++
    return promise
  }
  const waiting = Array.from({ length: 500 }, () => cache.mint('k', mint))
  const other = cache.mint('other', async () => tokenUntil(undefined))
  t.equal(mints, 1)
  const token = tokenUntil(undefined)
  resolve(token)
  t.same(new Set(await Promise.all(waiting)), new Set([token]))
  t.not(await other, token)
})

t.test('a failure is told to all who wait, and to those who ask in the pause after it', async (t) => {
  const clock = { now: 1_000_000 }
  const cache = new TokenCache({ now: () => clock.now })
  const failure = new Error('no')
  let mints = 0
  const fails = () => {
    mints++
    return Promise.reject(failure)
  }
  const ask = async (key = 'k') => {
    const outcomes = await Promise.allSettled([1, 2].map(() => cache.mint(key, fails)))
    for (const outcome of outcomes) t.match(outcome, { status: 'rejected', reason: failure })
  }
  for (const pauseMs of [500, 1_000, 2_000, 4_000, 5_000, 5_000]) {
    const before = mints
    await ask()
    clock.now += pauseMs - 1
    await ask()
    t.equal(mints, before + 1, `one mint in ${pauseMs} ms`)
    clock.now += 1
  }
  await ask('other')
  t.equal(mints, 7, 'each key has its own pace')
  t.match(cache.counters, { minted: 7, shared: 7, paced: 12 })

  const token = tokenUntil(undefined)
  t.equal(await cache.mint('k', async () => token), token)
  t.equal(cache.get('k'), token)
  await cache.mint('other', async () => token).catch(() => {})
  cache.minted('other', token)
  t.equal(await cache.mint('other', async () => token), token, 'the pause is over when it is said to be')
})

t.test('a token that was refused makes room for another, once in a while', async (t) => {
  const clock = { now: 1_000_000 }
  const cache = new TokenCache({ now: () => clock.now })
  const mint = () => cache.mint('k', async () => tokenUntil(10_000))
  const first = await mint()
  cache.refuse('other', first)
  cache.refuse('k', 'of somebody else')
  t.equal(cache.get('k'), first)
  cache.refuse('k', first)
  t.equal(cache.get('k'), undefined)
  const second = await mint()
  cache.refuse('k', first)
  t.equal(cache.get('k'), second, 'news of the old one')
  let refused = 1
  for (const pauseMs of [60_000, 120_000, 240_000, 480_000, 600_000, 600_000]) {
    const token = cache.get('k') ?? ''
    t.not(token, '')
    clock.now += pauseMs - 1
    cache.refuse('k', token)
    t.equal(cache.get('k'), token, `within ${pauseMs} ms it stays`)
    clock.now += 1
    cache.refuse('k', token)
    t.equal(cache.get('k'), undefined)
    t.equal(cache.counters.refused, ++refused)
    await mint()
  }
})

t.test('a clock that is set back does not make a token live longer', async (t) => {
  const clock = { now: 1_000_000, elapsedMs: 5 }
  const cache = new TokenCache({ now: () => clock.now, elapsedMs: () => clock.elapsedMs })
  const token = tokenUntil(4600, { iat: 1000 })
  await cache.mint('k', async () => token)
  clock.now = -80_000_000
  clock.elapsedMs = 3_540_004
  t.equal(cache.get('k'), token)
  clock.elapsedMs = 3_540_005
  t.equal(cache.get('k'), undefined, 'a minute before its life is over, whatever the time is said to be')
  t.equal(cache.size, 0)

  clock.now = 1_000_000
  await cache.mint('k', async () => tokenUntil(4600, { iat: 1000 }))
  clock.now = 4_540_000
  t.equal(cache.get('k'), undefined, 'nor when this clock stood still, as in a machine that was suspended')
  clock.now = 9_000_000
  await cache.mint('k', async () => tokenUntil(4600, { iat: 1000 }))
  t.equal(cache.get('k'), undefined, 'a clock that is ahead keeps nothing')
})

t.test('a token of another identity, minted elsewhere, replaces what is cached', async (t) => {
  const cache = new TokenCache()
  const mine = tokenUntil(undefined, { sub: '1', email: 'a@p' })
  await cache.mint('k', async () => mine)
  cache.minted('k', tokenUntil(undefined, { sub: '1', email: 'a@p' }))
  t.equal(cache.get('k'), mine, 'not one of the same')
  cache.minted('other', tokenUntil(undefined, { sub: '2', email: 'b@p' }))
  t.equal(cache.get('k'), mine)
  cache.minted('k', tokenUntil(undefined, { sub: '2', email: 'b@p' }))
  t.equal(cache.get('k'), undefined)
})

t.test('bounded: the least recently used goes', async (t) => {
  const cache = new TokenCache({ maxTokens: 3 })
  const add = (key: string) => cache.mint(key, async () => tokenUntil(undefined))
  for (const key of ['a', 'b', 'c']) await add(key)
  cache.get('a')
  await add('d')
  t.equal(cache.size, 3)
  t.same(
    ['a', 'b', 'c', 'd'].map((key) => cache.get(key) !== undefined),
    [true, false, true, true],
  )
  await add('a')
  t.equal(cache.size, 3, 'renewed, not added')
  cache.clear()
  t.equal(cache.size, 0)
})
