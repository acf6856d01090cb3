import { setTimeout as sleep } from 'node:timers/promises'

const PATIENCE_MS = 60_000
const PAUSE_MS = 25

/** Asks again and again until the answer is the one that is waited for; fails with the last one when it never is. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T>,
  isIt: (answer: T) => boolean,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const giveUpAt = Date.now() + patienceMs
  for (;;) {
    const answer = await ask()
    if (isIt(answer)) return answer
    if (Date.now() > giveUpAt) throw new Error(`${what} within ${patienceMs} ms; last: ${JSON.stringify(answer)}`)
    await sleep(PAUSE_MS)
  }
}

/** Long enough for something to happen that must not happen. */
export const aWhile = (): Promise<void> => sleep(250)
